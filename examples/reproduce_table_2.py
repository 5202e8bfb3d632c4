r"""
Table 2 of the DenseNet on corpora of your own
==============================================

The ladder of networks of Latif et al. (2020), from plain convolutions to dense blocks, an LSTM and
highway layers, and two networks from elsewhere, on any corpora, with the published rows beside
ours::

    python examples/reproduce_table_2.py --corpora emodb=path/to/emodb emotale=path/to/emotale \
        --path results

The networks are those of ``plot_table_2_ladder.py``, the protocol and the options those of
``reproduce_table_1.py``: sessions or speakers left out, train-fit, resumed from ``--path``.
"""

import matplotlib.pyplot as plt
from plot_table_2_ladder import MODELS, PUBLISHED
from reproduce_table_1 import run_table
from sklearn.pipeline import make_pipeline

from sklearn_ser import LogMelSpectrogram

PIPELINES = {name: make_pipeline(LogMelSpectrogram(), model) for name, model in MODELS.items()}


def main(argv=None):
    """Run the models of the second table."""
    return run_table(argv, __doc__, PIPELINES, PUBLISHED)


if __name__ == "__main__":
    main()
    plt.show()
