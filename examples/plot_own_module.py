"""
A torch module of one's own
===========================

:class:`~sklearn_ser.neural_network.SpeechNetClassifier` makes an estimator of any torch module that
scores the classes of padded sequences. Labels, standardisation, batches, masks, mixup and the
training loop come with it, so that an idea for an architecture is ten lines.
"""

# %%
# The module: a convolution over time, then mean and standard deviation over time. The layers of
# :mod:`sklearn_ser.modules` know which frames are padding.

import matplotlib.pyplot as plt
import torch
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklearn_ser import LogMelSpectrogram, SpeechNetClassifier
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score
from sklearn_ser.modules import MaskedConv, StatisticsOverTime


class ConvStatistics(torch.nn.Module):
    """Filters of five frames, described by their mean and spread."""

    def __init__(self, n_features, n_outputs, n_filters=32):
        super().__init__()
        self.conv, self.pool = MaskedConv(n_features, n_filters, (5, 1)), StatisticsOverTime()
        self.output = torch.nn.Linear(2 * n_filters, n_outputs)

    def forward(self, X, lengths):
        """Score the classes."""
        X, lengths = self.conv(X[:, :, None, :], lengths)
        return self.output(self.pool(torch.relu(X[:, :, 0]), lengths))


# %%
# The estimator goes wherever a classifier goes; here, to speakers it never heard before.

model = SpeechNetClassifier(
    ConvStatistics,
    module_params={"n_filters": 48},
    time_masks=1,
    lr=5e-3,
    max_epochs=30,
    random_state=0,
)
corpus = make_emotional_speech(n_speakers=6, n_utterances=6, random_state=0)
predicted = cross_val_predict(
    make_pipeline(LogMelSpectrogram(), model),
    corpus.data,
    corpus.target,
    groups=corpus.speaker,
    cv=GroupKFold(3),
)
recall = unweighted_average_recall_score(corpus.target, predicted)
print(f"UAR, three folds of speakers: {100 * recall:.1f} %")

# %%
# Its hyperparameters are those of every classifier here, and a search can reach into the module:
# ``{"speechnetclassifier__module_params": [{"n_filters": 32}, {"n_filters": 64}]}``.

ConfusionMatrixDisplay.from_predictions(corpus.target, predicted, normalize="true", cmap="Blues")
plt.show()
