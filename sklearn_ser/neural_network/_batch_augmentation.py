"""What training does to its batches: mixing, noise, masks."""

import torch
from torch import Tensor

from sklearn_ser.modules.functional import mixup, mixup_share, stretches, zero_padding

Batch = tuple[dict[str, Tensor], dict[str, Tensor]]

AUGMENTATIONS = ("mixup_alpha", "noise", "time_masks", "frequency_masks")


def mix_batch(batch: Batch, alpha: float) -> Batch:
    """Mix the utterances of a batch in random pairs, each by a share of its own.

    A mixed sequence is as long as the longer of the two; the shorter is taken as followed by
    zeros, which stand for the mean of standardised features.

    Parameters
    ----------
    batch : tuple of dict
        Inputs ``X`` and ``lengths``, and targets.

    alpha : float
        The shares are drawn from Beta(alpha, alpha).

    Returns
    -------
    tuple of dict
        A batch of the same shapes. Targets are mixed by their weight, so that a mixture of a
        heavy and a light utterance is mostly the heavy one's label.
    """
    inputs, targets = batch
    n = len(inputs["X"])
    share, partner = mixup_share(alpha, n), torch.randperm(n)
    lengths = inputs["lengths"]
    inputs = {
        "X": mixup(inputs["X"], partner, share),
        "lengths": torch.maximum(lengths, lengths[partner]),
    }
    weight = targets["weight"]
    mixed_weight = mixup(weight, partner, share)
    divisor = mixed_weight.clamp(min=torch.finfo(weight.dtype).tiny)  # of two of weight zero
    mixed = {}
    for name, rows in targets.items():
        if name != "weight":
            shape = (-1, *[1] * (rows.ndim - 1))
            weighted = mixup(rows * weight.reshape(shape), partner, share)
            mixed[name] = weighted / divisor.reshape(shape)
    return inputs, mixed | {"weight": mixed_weight}


class Augmentation:
    """Mixes a training batch, adds noise, and masks stretches of frames and of bands.

    A masked value is zero, the mean of standardised features. Draws come from torch's generator.

    Parameters
    ----------
    mixup_alpha : float, default=0.0
        As in :func:`mix_batch`; 0 mixes nothing.

    noise : float, default=0.0
        Standard deviation of normal noise.

    time_masks : int, default=0
        Stretches of frames to mask in each sequence.

    frequency_masks : int, default=0
        Stretches of neighbouring features to mask in each sequence.

    References
    ----------
    Park, D. S., Chan, W., Zhang, Y., Chiu, C.-C., Zoph, B., Cubuk, E. D., & Le, Q. V. (2019).
    SpecAugment: A simple data augmentation method for automatic speech recognition. Interspeech,
    2613-2617.
    """

    def __init__(
        self,
        mixup_alpha: float = 0.0,
        noise: float = 0.0,
        time_masks: int = 0,
        frequency_masks: int = 0,
    ):
        self.mixup_alpha = mixup_alpha
        self.noise = noise
        self.time_masks = time_masks
        self.frequency_masks = frequency_masks

    def __call__(self, batch: Batch) -> Batch:
        """Augment a batch.

        Parameters
        ----------
        batch : tuple of dict
            Inputs ``X`` and ``lengths``, and targets.

        Returns
        -------
        tuple of dict
            A batch of the same shapes.
        """
        if self.mixup_alpha > 0:
            batch = mix_batch(batch, self.mixup_alpha)
        inputs, targets = batch
        X, lengths = inputs["X"], inputs["lengths"]
        n, n_frames, n_features = X.shape
        if self.noise > 0:
            X = X + zero_padding(self.noise * torch.randn_like(X), lengths)
        for _ in range(self.time_masks):
            X = X.masked_fill(stretches(lengths, n_frames)[:, :, None], 0)
        for _ in range(self.frequency_masks):
            widths = torch.full((n,), n_features)
            X = X.masked_fill(stretches(widths, n_features)[:, None, :], 0)
        return inputs | {"X": X}, targets
