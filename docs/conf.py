"""Configuration of the documentation; it builds offline."""

import os

# Before the examples load numpy and torch: one thread a process.
os.environ["OMP_NUM_THREADS"] = "1"

import sklearn_ser

project = "sklearn_ser"
author = "The sklearn_ser developers"
copyright = author
version = release = sklearn_ser.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

autosummary_generate = True
# The docstrings state the types, with shapes and units.
autodoc_typehints = "none"
# docs/_templates/autosummary/class.rst lists the methods.
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": "plot_",
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
    "show_memory": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_ser {release}"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}


def _is_left_out(app, what, name, obj, skip, options):
    """Leave out what a class inherits from other libraries: they document it."""
    return skip or not (getattr(obj, "__module__", None) or project).startswith(project)


def setup(app):
    """Connect the hooks."""
    app.connect("autodoc-skip-member", _is_left_out)
