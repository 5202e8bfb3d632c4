"""
Front ends, and training data in noise
======================================

Three ways from a waveform to the input of a model:

- :class:`~sklearn_ser.features.RawWaveform`: the samples themselves, for networks that learn
  their own filters,
- :class:`~sklearn_ser.features.LogMelSpectrogram`: power in bands over time, for networks,
- :class:`~sklearn_ser.features.MFCC`: the same, decorrelated, for statistics over time.

Then a model that is trained on clean speech and tested in noise, and one that has heard noisy and
faster copies of its training speech before.
"""

# %%
# One utterance of a synthetic corpus, seen by each front end.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_ser import (
    MFCC,
    Functionals,
    LogMelSpectrogram,
    NoiseSampler,
    RawWaveform,
    SequenceCropper,
    SequenceScaler,
    SpeedSampler,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

corpus = make_emotional_speech(n_speakers=5, n_utterances=4, duration=2.0, random_state=0)
X = pd.DataFrame({"file": list(corpus.data), "speaker": corpus.speaker})
y = np.asarray(corpus.target)

figure, axes = plt.subplots(3, layout="constrained", figsize=(8, 7))
for axis, front_end in zip(axes, (RawWaveform(), LogMelSpectrogram(), MFCC(deltas=0)), strict=True):
    [sequence] = front_end.fit_transform(X[:1])
    if sequence.shape[1] == 1:
        axis.plot(sequence, linewidth=0.3)
        axis.margins(x=0)
    else:
        axis.imshow(sequence.T, origin="lower", aspect="auto")
    axis.set_title(f"{type(front_end).__name__}: {sequence.shape[0]} x {sequence.shape[1]}")

# %%
# A classifier that wants one row an utterance gets statistics over time, or a crop of a fixed
# length, unrolled. Copies of the training speech are added inside the pipeline, so they never
# reach a test speaker.

unroll = FunctionTransformer(
    lambda sequences: np.stack(list(sequences)).reshape(len(sequences), -1)
)
statistics = [MFCC(), Functionals(), StandardScaler(), LogisticRegression(C=0.01)]
systems = {
    "a crop of log-mel bands": make_pipeline(
        LogMelSpectrogram(),
        SequenceScaler(),
        SequenceCropper(50, short="repeat"),
        unroll,
        LogisticRegression(C=0.01),
    ),
    "statistics of MFCC": make_pipeline(*statistics),
    "with noisy copies": make_pipeline(NoiseSampler(snr=(0, 20), random_state=0), *statistics),
    "with faster and slower copies": make_pipeline(SpeedSampler(), *statistics),
}

# %%
# Each speaker is tested by a model that has not heard them: in clean speech, and with white noise
# at 10 dB. The noise of the test is made by the sampler, too, with another seed.

originals_and_noisy, _ = NoiseSampler(snr=10.0, random_state=1).fit_resample(X, y)
conditions = {"clean": X, "10 dB": originals_and_noisy[len(X) :]}
recall = pd.DataFrame(index=list(systems), columns=list(conditions), dtype=float)
for name, system in systems.items():
    predicted = {condition: np.empty_like(y) for condition in conditions}
    for train, test in LeaveOneGroupOut().split(X, y, X["speaker"]):
        system.fit(X.iloc[train], y[train])
        for condition, utterances in conditions.items():
            predicted[condition][test] = system.predict(utterances.iloc[test])
    for condition in conditions:
        recall.loc[name, condition] = unweighted_average_recall_score(y, predicted[condition])
print((100 * recall).round(1).to_string())

# %%
# What training in noise gains in noise it may cost in clean speech. The figures are those of
# synthetic vowels: they show the procedure, and tell nothing about speech.

_, axis = plt.subplots(layout="constrained")
(100 * recall).plot.barh(ax=axis, title="UAR on speakers never heard before, in %")
plt.show()
