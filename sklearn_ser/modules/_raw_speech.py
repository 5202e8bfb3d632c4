"""Learned filters on the waveform, convolutions over their maps and an LSTM."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_ser.modules._masked import HalveTimeAndBands, MaskedBatchNorm, MaskedConv
from sklearn_ser.modules._pooling import AttentionOverTime
from sklearn_ser.modules._recurrent import LSTMOverTime
from sklearn_ser.modules.functional import stretches, zero_padding

# Powers are compressed by a logarithm. This floor lies 60 dB below those of white noise of unit
# variance.
_FLOOR = 1e-6

# Width in Hz of the band that a Hann window of 25 ms passes with more than half the power.
_NARROW = 1.44 / 0.025


def mel_frequencies(n: int, f_min: float, f_max: float) -> Tensor:
    """Spread frequencies evenly over the mel scale.

    Parameters
    ----------
    n : int
        Number of frequencies.

    f_min : float
        The first in Hz.

    f_max : float
        The last in Hz.

    Returns
    -------
    Tensor of shape (n,), float64
        Frequencies in Hz.

    Examples
    --------
    >>> from sklearn_ser.modules._raw_speech import mel_frequencies
    >>> mel_frequencies(3, 0, 8000).round().tolist()
    [0.0, 1768.0, 8000.0]
    """
    low, high = (2595 * math.log10(1 + f / 700) for f in (f_min, f_max))
    mels = torch.linspace(low, high, n, dtype=torch.float64)
    return 700 * (10 ** (mels / 2595) - 1)


def band_pass_filters(edges: Tensor, n_samples: int, sampling_rate: float) -> Tensor:
    """Make pairs of filters that pass a band around each frequency: cosines, then sines.

    The squares of a pair add up to the power in the band, whatever the phase of the signal. A Hann
    window fades the filters in and out. It is as long as the filters for narrow bands, of up to
    58 Hz, and shortens in proportion for wider ones, which thereby are wide and quick, as in the
    ear.

    Parameters
    ----------
    edges : Tensor of shape (n_filters + 2,)
        Frequencies in Hz: the ends of the first and the last band, and the middles of all bands
        between them. The middle of a band is the end of its neighbours.

    n_samples : int
        Length of the filters.

    sampling_rate : float
        Sampling rate in Hz.

    Returns
    -------
    Tensor of shape (2 * n_filters, n_samples)
        Filters of unit norm.

    Examples
    --------
    >>> from sklearn_ser.modules._raw_speech import band_pass_filters, mel_frequencies
    >>> band_pass_filters(mel_frequencies(42, 50, 7600), 400, 16000).shape
    torch.Size([80, 400])
    """
    half_width = (edges[2:] - edges[:-2]) / 2
    window_samples = n_samples * (_NARROW / half_width).clamp(max=1)[:, None]
    # In the middle of the window the cosine peaks and the sine passes zero.
    time = torch.arange(n_samples, dtype=torch.float64) - (n_samples - 1) / 2
    window = torch.cos(math.pi * (time / window_samples).clamp(-0.5, 0.5)) ** 2
    phase = 2 * math.pi / sampling_rate * edges[1:-1, None] * time
    filters = torch.cat([window * phase.cos(), window * phase.sin()])
    return (filters / filters.norm(dim=1, keepdim=True)).float()


class FilterBank(nn.Module):
    """Pairs of learned filters on the waveform; the power that each pair passes, in frames.

    Filters begin as band-pass filters whose frequencies are evenly spread over the mel scale; those
    of high frequencies are wide and fade in and out quickly.

    Parameters
    ----------
    n_filters : int
        Pairs of filters.

    filter_samples : int
        Length of the filters.

    hop_samples : int
        Samples from one frame to the next. A frame is the middle of the filters.

    sampling_rate : float, default=16000
        Sampling rate in Hz.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import FilterBank
    >>> bank = FilterBank(40, filter_samples=400, hop_samples=160)
    >>> bank(torch.randn(2, 16000)).shape
    torch.Size([2, 100, 40])
    """

    def __init__(
        self,
        n_filters: int,
        filter_samples: int,
        hop_samples: int,
        sampling_rate: float = 16000,
    ):
        super().__init__()
        self.n_filters, self.hop_samples = n_filters, hop_samples
        # Hum is below the first band, the slope of anti-aliasing filters above the last.
        edges = mel_frequencies(n_filters + 2, 50, 0.475 * sampling_rate)
        filters = band_pass_filters(edges, filter_samples, sampling_rate)
        # The steps of Adam have one size, whatever that of the weights. Next to it the samples of
        # filters of unit norm are small, and a few steps would bury the filters in noise.
        self.scale = filter_samples**-0.5
        self.filters = nn.Parameter(filters[:, None] / self.scale)

    def forward(self, X: Tensor) -> Tensor:
        """Filter signals.

        Parameters
        ----------
        X : Tensor of shape (n, n_samples)
            Signals; zeros are taken to stand before and behind.

        Returns
        -------
        Tensor of shape (n, ceil(n_samples / hop_samples), n_filters)
            Powers.
        """
        hop, size = self.hop_samples, self.filters.shape[2]
        n_frames = -(-X.shape[1] // hop)
        before = (size - hop) // 2
        X = nn.functional.pad(X, (0, n_frames * hop - X.shape[1]))
        # Less than nothing is cut off, where filters are shorter than the hop.
        X = nn.functional.pad(X, (before, size - hop - before))
        filters = self.scale * self.filters
        passed = nn.functional.conv1d(X[:, None], filters, stride=hop).square()
        return (passed[:, : self.n_filters] + passed[:, self.n_filters :]).transpose(1, 2)


class MeanOfFrames(nn.Module):
    """Mean over each few frames; what is left over at the end stays by itself.

    Parameters
    ----------
    n_frames : int
        Frames that become one.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MeanOfFrames
    >>> X, lengths = MeanOfFrames(2)(torch.ones(2, 5, 4), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 4]), tensor([3, 1]))
    """

    def __init__(self, n_frames: int):
        super().__init__()
        self.n_frames = n_frames

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Average neighbouring frames.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, ceil(n_frames / size), n_channels)
            The means.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        size = self.n_frames
        X = zero_padding(X, lengths)
        X = nn.functional.pad(X, (0, 0, 0, -X.shape[1] % size)).unflatten(1, (-1, size)).sum(2)
        first = size * torch.arange(X.shape[1], device=X.device)
        counts = (lengths[:, None] - first).clamp(1, size)
        return X / counts[:, :, None], (lengths + size - 1) // size


class RawSpeech(nn.Module):
    """Parallel filter banks on the waveform, 2-D convolutions over their maps, LSTM, dense layers.

    Each bank gives a map of powers over time and filters. Powers are averaged over two frames,
    compressed by a logarithm, normalised by filter, and stacked as the channels of one picture.

    Parameters
    ----------
    n_outputs : int
        Width of the output.

    filter_samples : sequence of int, default=(400, 240, 1600)
        Length of the filters of each bank.

    n_filters : int, default=40
        Pairs of filters of each bank.

    hop_samples : int, default=160
        Samples from one frame to the next.

    sampling_rate : float, default=16000
        Sampling rate in Hz, for the first frequencies of the filters.

    n_maps : sequence of int, default=(32, 48, 64)
        Maps of each 2-D convolution. Frames and bands are halved after each.

    n_lstm_units : int, default=64
        Units of each direction of the LSTM.

    n_dense_units : int, default=128
        Units of the dense layer.

    dropout : float, default=0.3
        Share of the units before the LSTM and around the dense layer that is dropped in training.

    time_masks : int, default=0
        Stretches of up to 15 % of the frames of the maps that are masked in training.

    frequency_masks : int, default=0
        Stretches of up to 15 % of the filters that are masked in training, in all banks alike.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., & Epps, J. (2019). Direct modelling of speech
    emotion from raw speech. Interspeech, 3920-3924.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import RawSpeech
    >>> RawSpeech(4)(torch.randn(2, 16000, 1), torch.tensor([16000, 12000])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_outputs: int,
        *,
        filter_samples: Sequence[int] = (400, 240, 1600),
        n_filters: int = 40,
        hop_samples: int = 160,
        sampling_rate: float = 16000,
        n_maps: Sequence[int] = (32, 48, 64),
        n_lstm_units: int = 64,
        n_dense_units: int = 128,
        dropout: float = 0.3,
        time_masks: int = 0,
        frequency_masks: int = 0,
    ):
        super().__init__()
        self.hop_samples = hop_samples
        self.time_masks, self.frequency_masks = time_masks, frequency_masks
        self.banks = nn.ModuleList(
            FilterBank(n_filters, size, hop_samples, sampling_rate) for size in filter_samples
        )
        self.mean_of_frames = MeanOfFrames(2)
        self.map_norm = MaskedBatchNorm(len(self.banks) * n_filters)
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        bands, channels = n_filters, len(self.banks)
        for n in n_maps:
            self.convs.append(MaskedConv(channels, n, (3, 3)))
            self.norms.append(MaskedBatchNorm(n))
            bands, channels = (bands + 1) // 2, n
        self.halve = HalveTimeAndBands()
        self.dropout = nn.Dropout(dropout)
        self.lstm = LSTMOverTime(bands * channels, n_lstm_units, bidirectional=True)
        self.pool = AttentionOverTime(2 * n_lstm_units)
        self.dense = nn.Linear(4 * n_lstm_units, n_dense_units)
        self.output = nn.Linear(n_dense_units, n_outputs)

    def maps(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Give what the filter banks see: powers in decades, normalised by filter.

        Parameters
        ----------
        X : Tensor of shape (n, n_samples, 1)
            A padded batch of waveforms.

        lengths : Tensor of shape (n,)
            Number of valid samples.

        Returns
        -------
        X : Tensor of shape (n, n_frames, n_filters, n_banks)
            The maps.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        signal = zero_padding(X, lengths)[:, :, 0]
        powers = torch.cat([bank(signal) for bank in self.banks], dim=2)
        frames = (lengths + self.hop_samples - 1) // self.hop_samples
        powers, frames = self.mean_of_frames(powers, frames)
        maps = self.map_norm((powers + _FLOOR).log10(), frames)
        return maps.unflatten(2, (len(self.banks), -1)).transpose(2, 3), frames

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Score the classes.

        Parameters
        ----------
        X : Tensor of shape (n, n_samples, 1)
            A padded batch of waveforms.

        lengths : Tensor of shape (n,)
            Number of valid samples.

        Returns
        -------
        Tensor of shape (n, n_outputs)
            Class scores (logits).
        """
        X, lengths = self.maps(X, lengths)
        if self.training:
            X = self._mask(X, lengths)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            X, lengths = conv(X, lengths)
            X, lengths = self.halve(torch.relu(norm(X, lengths)), lengths)
        states = self.lstm(self.dropout(X.flatten(2)), lengths)
        hidden = torch.relu(self.dense(self.dropout(self.pool(states, lengths))))
        return self.output(self.dropout(hidden))

    def _mask(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Zero stretches of frames and of filters; zero is near the mean of normalised maps."""
        n, n_frames, n_filters, _ = X.shape
        for _ in range(self.time_masks):
            X = X.masked_fill(stretches(lengths, n_frames)[:, :, None, None], 0)
        for _ in range(self.frequency_masks):
            filters = torch.full((n,), n_filters, device=X.device)
            X = X.masked_fill(stretches(filters, n_filters)[:, None, :, None], 0)
        return X
