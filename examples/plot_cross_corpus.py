"""
From one corpus to another
==========================

A model that does well on new speakers of its own corpus may be lost on another one: other rooms,
microphones, languages, and another idea of what anger is.
:func:`~sklearn_ser.evaluation.cross_corpus` trains on each corpus and tests on each other one.
"""

# %%
# Two synthetic corpora stand in for real ones, which loaders read. The second one names an emotion
# differently, has one that the first lacks, and another microphone. Copies of recordings in both
# would make the matrix meaningless, so that is checked first.

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import OpenSmileFeatures
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import (
    CrossCorpusDisplay,
    SessionSplit,
    bootstrap_interval,
    cross_corpus,
    evaluate,
    find_duplicate_audio,
    score_predictions,
)

studio = make_emotional_speech(6, ("anger", "neutral", "sadness"), 5, duration=1.5, random_state=0)
phone = make_emotional_speech(
    4, ("anger", "neutral", "sadness", "fear"), 5, duration=1.5, random_state=1
)
heard = [lfilter([0.5, -0.4], [1], signal) for signal in phone.data]
print(len(find_duplicate_audio([*studio.data, *heard])), "recordings are in both")

# %%
# The pipeline is the same everywhere; its scaler is fitted on the training corpus.

extractor = OpenSmileFeatures("eGeMAPSv02")
corpora = {
    "studio": (extractor.transform(studio.data), studio.target, studio.speaker),
    "phone": (
        extractor.transform(heard),
        np.where(phone.target == "sadness", "sorrow", phone.target),
        phone.speaker,
    ),
}
svc = make_pipeline(StandardScaler(), SVC())
result = cross_corpus({"SVC": svc}, corpora, label_map={"sorrow": "sadness"}, development=0.3)
print(result.counts)
print(result.matrix("SVC").round(2))

# %%
# What the figures are worth: intervals over the speakers of the test corpus, and any breakdown that
# the columns of the predictions allow.

tested = result.predictions[result.predictions["part"] == "test"]
print(bootstrap_interval(tested, by=["train", "test"]).round(2).to_string(index=False))
print(
    score_predictions(tested, ["train", "test", "speaker"]).head().round(2).to_string(index=False)
)

# %%
# Within a corpus of dialogues the session is left out, and its two speakers take turns for
# development and test. Here speakers 01 and 02 are taken to have talked to each other, and so on.

X, y, speakers = corpora["studio"]
session_of = {speaker: (int(speaker) + 1) // 2 for speaker in np.unique(speakers)}
evaluation = evaluate({"SVC": svc}, X, y, groups=speakers, cv=SessionSplit(session_of))
print(evaluation.folds[["fold", "n_train", "n_samples", "uar"]].round(2).to_string(index=False))

# %%
# The matrix as a plot. The diagonal is that of speakers held out within a corpus.

display = CrossCorpusDisplay.from_predictions(result.predictions, pipeline="SVC")
display.ax_.set_title("three emotions, chance 33.3")
plt.show()
