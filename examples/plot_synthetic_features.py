"""
What synthetic features are worth
=================================

A generative model of features can be judged by what a classifier learns from its rows: from the
synthetic rows alone, and from real and synthetic rows together. The bar to beat is not only the
real rows: copies, neighbours that are mixed (SMOTE) and plain mixtures (mixup) cost nothing.

:func:`~sklearn_ser.evaluation.synthetic_data_study` runs the comparison by one protocol. Every
sampler is fitted on the training speakers of a fold, the test speaker is always real and never
seen, and the classifier has the same settings in all columns.
"""

# %%
# The features of a small synthetic corpus, extracted once: they depend on no other utterance.

import matplotlib.pyplot as plt
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import MLPSER, MixupGANSampler, MixupSampler, OpenSmileFeatures
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import SyntheticDataDisplay, synthetic_data_study, tabulate_study

corpus = make_emotional_speech(n_speakers=4, n_utterances=6, duration=1.5, random_state=0)
X = OpenSmileFeatures("eGeMAPSv02").fit_transform(corpus.data)

# %%
# SMOTE measures distances, so it needs standardised features; the study brings its rows back to
# the units of X. The others do not depend on scales.

samplers = {
    "GAN": MixupGANSampler(),
    "mixup-GAN": MixupGANSampler(mixup_mode="real"),
    "mixup": MixupSampler(),
    "SMOTE": make_pipeline(StandardScaler(), SMOTE()),
}
results = synthetic_data_study(
    samplers,
    MLPSER(max_epochs=20),
    X,
    corpus.target,
    groups=corpus.speaker,
    n_repeats=2,
)

# %%
# One row for each arm, kind of training data and repeat. Recall is that of the predictions
# pooled over all speakers.

print(results.round(3).to_string(index=False))

# %%
# The table of the literature: mean and standard deviation over the repeats.

print(tabulate_study(results).to_string())

# %%
# A difference smaller than the whiskers means nothing, and with four speakers little does.
# ``examples/reproduce_table_3_4.py`` runs the study on real corpora.

SyntheticDataDisplay(results).plot().ax_.set_title("UAR on speakers never heard before")
plt.show()
