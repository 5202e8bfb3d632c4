"""Configuration of the documentation; it builds offline."""

import os

# Read by the libraries that the examples load: one thread a process.
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
exclude_patterns = ["_build"]
nitpicky = False

autosummary_generate = True
numpydoc_show_class_members = True
# Methods that come from scikit-learn are documented there.
numpydoc_show_inherited_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": "plot_",
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
    "show_memory": False,
    "doc_module": ("sklearn_ser",),
    "backreferences_dir": "generated/backreferences",
}

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_ser {release}"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
