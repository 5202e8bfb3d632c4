"""The import of the package is cheap, and its lazy names resolve."""

import subprocess
import sys

import pytest

import sklearn_ser

HEAVY = ("torch", "opensmile", "librosa", "imblearn", "skorch", "matplotlib", "pandas")


def _loaded_after(statement: str) -> set[str]:
    """Return the packages that a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_import_loads_nothing_heavy():
    loaded = _loaded_after("import sklearn_ser; dir(sklearn_ser); sklearn_ser.__version__")
    assert "sklearn_ser" in loaded
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize(
    ("subpackage", "unneeded"),
    [
        ("augmentation", {"skorch", "opensmile", "librosa"}),
        ("features", {"torch", "imblearn", "skorch"}),
        ("datasets", {"torch", "imblearn", "skorch", "opensmile"}),
        ("evaluation", {"torch", "skorch", "opensmile", "librosa", "matplotlib"}),
        ("metrics", {"torch", "imblearn", "skorch", "opensmile", "librosa"}),
        ("modules", {"sklearn", "imblearn", "skorch", "opensmile", "librosa"}),
        ("preprocessing", {"torch", "imblearn", "skorch"}),
        ("neural_network", {"imblearn", "opensmile", "librosa"}),
        ("over_sampling", {"opensmile", "librosa"}),
    ],
)
def test_a_subpackage_loads_only_what_it_needs(subpackage, unneeded):
    assert not _loaded_after(f"import sklearn_ser.{subpackage}").intersection(unneeded)


@pytest.mark.parametrize("name", sorted(sklearn_ser.__all__))
def test_every_lazy_name_resolves(name):
    namespace: dict[str, object] = {}
    exec(f"from sklearn_ser import {name}", namespace)
    assert namespace[name] is getattr(sklearn_ser, name)


def test_dir_lists_the_public_names():
    assert dir(sklearn_ser) == sorted(sklearn_ser.__all__)


def test_a_lazy_class_is_the_one_of_its_subpackage():
    assert sklearn_ser.DenseNetSER is sklearn_ser.neural_network.DenseNetSER


def test_an_unknown_name_raises():
    with pytest.raises(AttributeError, match="no attribute 'DenseNet'"):
        sklearn_ser.DenseNet  # noqa: B018
