"""Nothing public without documentation, example and test; no file against the layout's rules."""

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest

import sklearn_ser
from sklearn_ser.utils.discovery import _public_objects, all_estimators, all_functions

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_ser"
SOURCES = sorted(
    path for folder in (PACKAGE, ROOT / "tests", ROOT / "examples") for path in folder.rglob("*.py")
)
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.rst"), ROOT / "CITATION.cff"])
# These test every estimator there is; a name in them says nothing about tests of its own.
GENERAL_TESTS = {"test_common.py", "test_completeness.py", "test_examples.py", "test_import.py"}
SKORCH_FILES = {f"neural_network/{name}.py" for name in ("_base", "_net", "_schedule")}

DOCUMENTED = {
    f"{module}.{obj.__name__}": obj
    for module, obj in _public_objects()
    if inspect.isclass(obj) or inspect.isfunction(obj)
}
ESTIMATORS = [name for name, _ in all_estimators()]
FUNCTIONS = [name for name, _ in all_functions()]


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _any_names(paths: list[Path], name: str) -> bool:
    return any(_names(path.read_text(encoding="utf-8"), name) for path in paths)


def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(path: Path) -> set[str]:
    """Return the top-level packages that a file imports, relative imports left out."""
    packages: set[str] = set()
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            packages.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages.add(node.module.partition(".")[0])
    return packages


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_public_name_has_a_runnable_example(name):
    documentation = inspect.getdoc(DOCUMENTED[name]) or ""
    _, heading, example = documentation.partition("\nExamples\n--------\n")
    assert heading, f"{name} has no section 'Examples'"
    assert ">>> " in example
    assert "+SKIP" not in example


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_public_name_is_in_the_reference(name):
    reference = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    module, _, short = name.rpartition(".")
    assert _names(reference, module)
    assert _names(reference, short)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimator_is_in_an_example(name):
    assert _any_names(sorted(ROOT.glob("examples/*.py")), name)


@pytest.mark.parametrize("name", ESTIMATORS + FUNCTIONS)
def test_estimator_or_function_has_tests_of_its_own(name):
    own = [path for path in ROOT.glob("tests/**/test_*.py") if path.name not in GENERAL_TESTS]
    own += [Path(__file__)] if name.startswith("all_") else []
    assert _any_names(own, name)


def test_public_module_says_what_is_public():
    without = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("_") and "__all__ = " not in path.read_text(encoding="utf-8")
    ]
    assert not without


def test_function_without_underscore_has_a_docstring():
    without = [
        f"{path.name}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if ast.get_docstring(node) is None
    ]
    assert not without


def test_lazy_names_of_the_top_level_are_the_estimators():
    assert set(ESTIMATORS) == set(sklearn_ser._HOME_OF)


@pytest.mark.parametrize(
    ("type_filter", "some", "other"),
    [
        ("classifier", "DenseNetSER", "OpenSmileFeatures"),
        ("transformer", "OpenSmileFeatures", "MixupGANSampler"),
        ("sampler", "MixupGANSampler", "DenseNetSER"),
        (["classifier", "sampler"], "DenseNetSER", "OpenSmileFeatures"),
    ],
)
def test_all_estimators_filters_by_kind(type_filter, some, other):
    found = dict(all_estimators(type_filter))
    assert found[some] is getattr(sklearn_ser, some)
    assert other not in found
    assert list(found) == sorted(found)


def test_all_estimators_refuses_an_unknown_kind():
    with pytest.raises(ValueError, match=r"type_filter must be .* got \['clusterer'\]"):
        all_estimators(["classifier", "clusterer"])


def test_all_functions_are_no_classes():
    assert {"all_functions", "make_emotional_speech", "load_emodb"}.issubset(FUNCTIONS)
    assert not set(FUNCTIONS).intersection(ESTIMATORS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500


def test_modules_import_torch_only():
    allowed = {"torch", "sklearn_ser"} | sys.stdlib_module_names
    for path in (PACKAGE / "modules").glob("*.py"):
        assert _imported(path) <= allowed, path.name


def test_skorch_stays_in_its_files():
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "skorch" in _imported(path)
    }
    assert users == SKORCH_FILES


def test_no_path_of_a_machine():
    of_a_machine = re.compile(r"/(?:home|Users|work|root)/\w|[A-Z]:\\Users")
    for path in [*SOURCES, *PROSE]:
        assert not of_a_machine.search(path.read_text(encoding="utf-8")), path


def test_changelog_has_the_version():
    changelog = (ROOT / "docs" / "changelog.rst").read_text(encoding="utf-8")
    assert _names(changelog, re.escape(sklearn_ser.__version__))


def test_readme_has_two_set_up_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if "pip install" in line]
    assert len(commands) == 2
    assert all(command.startswith("python -m pip install ") for command in commands)
    assert "examples/plot_quickstart.py" in commands[0]
    assert "pytest" in commands[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/**/*.py")), ids=lambda path: path.name)
def test_skip_carries_a_reason(path):
    nodes = _nodes(path)
    marks = {
        node
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail"}
    }
    explained = {
        node.func
        for node in nodes
        if isinstance(node, ast.Call)
        # The first argument of pytest.skip is the reason, that of a mark is a condition.
        if any(keyword.arg == "reason" for keyword in node.keywords)
        or (node.args and ast.unparse(node.func) == "pytest.skip")
    }
    assert marks <= explained
