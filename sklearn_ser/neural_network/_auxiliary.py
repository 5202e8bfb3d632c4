"""Speaker and gender as auxiliary tasks: what the adversarial autoencoders share."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from sklearn_ser.neural_network._semi_supervised import WEIGHT, BaseSemiSupervisedNet
from sklearn_ser.utils._sizes import Sizes


class BaseAutoencoderNet(BaseSemiSupervisedNet):
    """Base of the adversarial autoencoders with speaker and gender as auxiliary tasks."""

    _parameter_constraints: ClassVar[dict] = {
        **BaseSemiSupervisedNet._parameter_constraints,
        "auxiliary": ["array-like"],
        "speaker_mode": [StrOptions({"auxiliary", "adversarial"})],
        "adversarial": ["boolean"],
        "prior": [StrOptions({"gaussian", "uniform"})],
        "reconstruction_weight": WEIGHT,
        "adversarial_weight": WEIGHT,
        "speaker_weight": WEIGHT,
        "gender_weight": WEIGHT,
        "discriminator_sizes": [Sizes()],
    }

    def _learns_without_emotion(self) -> bool:
        return bool(
            (self.adversarial and self.adversarial_weight)
            or self.reconstruction_weight
            or self.consistency_weight
            or len(self.auxiliary)
        )

    def _tasks(
        self, metadata: Mapping[str, np.ndarray | None], known: np.ndarray
    ) -> dict[str, np.ndarray]:
        if unknown := sorted(set(self.auxiliary).difference(metadata)):
            raise ValueError(f"auxiliary may name {list(metadata)}, got {unknown}.")
        tasks = {}
        for name, values in metadata.items():
            if name not in self.auxiliary:
                continue
            if values is None:
                raise ValueError(
                    f"auxiliary={list(self.auxiliary)} needs the {name} of each utterance: call "
                    f"fit(X, y, {name}=...). In a pipeline or a search, switch on "
                    "sklearn.set_config(enable_metadata_routing=True) and call "
                    f"set_fit_request({name}=True) of this estimator. Behind a sampler, or where "
                    f"no {name} is known, leave {name!r} out of auxiliary."
                )
            tasks[name] = values
        return tasks

    def _shared_arguments(self, n_features: int, one_frame: bool) -> dict[str, Any]:
        return super()._shared_arguments(n_features, one_frame) | {
            "auxiliary_weights": {"speaker": self.speaker_weight, "gender": self.gender_weight},
            "reversed_tasks": ("speaker",) if self.speaker_mode == "adversarial" else (),
            "discriminator_sizes": tuple(self.discriminator_sizes),
            "prior": self.prior,
            "reconstruction_weight": self.reconstruction_weight,
            "adversarial_weight": self.adversarial * self.adversarial_weight,
        }
