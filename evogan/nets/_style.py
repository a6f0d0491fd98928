"""The generator of StyleGAN at a fixed resolution.

T. Karras, S. Laine, T. Aila, "A style-based generator architecture for generative adversarial networks", CVPR 2019:
sec. 2 (layers), 3.1 (mixing), app. B (truncation), C (initial values).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int
from evogan.nets._equalized import EqualizedConv2d, EqualizedLinear, PixelNorm
from evogan.nets._growth import stage_widths
from evogan.nets._images import check_batch
from evogan.nets._progressive import ProgressiveTrunk

MEAN_DECAY = 0.995  # of the running mean of the styles


class MappingNetwork(nn.Sequential):
    """Latent vectors ``(n, n_latent)``, normalised first, to styles w ``(n, n_style)``.

    ``lr_multiplier`` slows the learning of these ``n_layers`` layers: deep mappings are unstable otherwise (app. C).
    """

    def __init__(self, n_latent: int, n_style: int, *, n_layers: int = 8, lr_multiplier: float = 0.01) -> None:
        check_int(n_latent, "n_latent", low=1)
        check_int(n_style, "n_style", low=1)
        layers: list[nn.Module] = [PixelNorm()]
        for i in range(check_int(n_layers, "n_layers", low=1)):
            linear = EqualizedLinear(n_style if i else n_latent, n_style, lr_multiplier=lr_multiplier)
            layers += [linear, nn.LeakyReLU(0.2)]
        super().__init__(*layers)


class AdaIN(nn.Module):
    """Gives each channel of each sample the mean and the standard deviation that a style asks for; eq. 1.

    Both are affine in the style. At first the deviations lie about 1 and the means about 0.
    """

    def __init__(self, n_channels: int, n_style: int) -> None:
        super().__init__()
        self.affine = EqualizedLinear(n_style, 2 * check_int(n_channels, "n_channels", low=1), gain=1.0)
        with torch.no_grad():
            self.affine.bias[:n_channels] = 1.0

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return ``x`` ``(n, n_channels, h, w)`` restyled by ``style`` ``(n, n_style)``; h w must exceed 1."""
        scale, bias = self.affine(style)[:, :, None, None].chunk(2, dim=1)
        styled: Tensor = F.instance_norm(x, eps=1e-8) * scale + bias
        return styled


class NoiseInjection(nn.Module):
    """Adds standard normal noise, one value a pixel, times a learned factor per channel that is 0 at first."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(check_int(n_channels, "n_channels", low=1), 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` ``(n, n_channels, h, w)`` with noise drawn from torch's global generator."""
        n, _, h, w = x.shape
        return x + self.scale * torch.randn(n, 1, h, w, device=x.device, dtype=x.dtype)


class _StyledLayer(nn.Module):
    """What comes ``before`` (a convolution, or nothing for the constant), noise, rectifier, style."""

    def __init__(self, before: nn.Module, n_channels: int, n_style: int) -> None:
        super().__init__()
        self.before = before
        self.noise = NoiseInjection(n_channels)
        self.adain = AdaIN(n_channels, n_style)

    def forward(self, x: Tensor, style: Tensor, *, noise: bool) -> Tensor:
        x = self.before(x)
        x = F.leaky_relu(self.noise(x) if noise else x, 0.2)
        styled: Tensor = self.adain(x, style)
        return styled


class StyleGenerator(nn.Module):
    """Latent vectors ``(n, n_latent)`` to images ``(n, c, h, w)``: a learned 4x4 constant, restyled layer by layer.

    Each resolution from 4x4 on has two layers with noise and a style of their own; maps are doubled bilinearly (inside
    the image the paper's doubling and binomial filter). The output is linear, without tanh: values come to lie near
    the range of the training images, yet nothing bounds them. The network does not grow: train it at its full size.

    In training mode the styles of a batch are mixed with probability ``mixing``: from one random layer on (the same
    for the whole batch) each sample takes the style of its neighbour in the batch, which is a latent vector drawn
    from the same prior whatever the prior is. Nothing is mixed in a batch of one, or in evaluation mode.

    Args:
        shape: of one image, ``(c, h, w)`` with h = w a power of two from 4 on.
        n_latent: columns of the latent vectors.
        n_style: columns of the styles w.
        n_layers: depth of the mapping from latent vectors to styles.
        width: feature maps up to 32x32; halved with each doubling beyond. The paper's is 512.
        mixing: probability in [0, 1] that a training batch is mixed.

    Attributes:
        n_synthesis_layers: the layers that take a style, two per resolution.
        mean_style: ``(n_style,)`` running mean of the styles seen in training mode, the target of truncation.

    Example:
        >>> import torch
        >>> G = StyleGenerator((3, 16, 16), n_latent=8, n_style=6, width=4).eval()
        >>> w_a, w_b = G.style(torch.randn(2, 5, 8))
        >>> coarse_a_fine_b = G.synthesize(G.mix(w_a, w_b, crossover=2), noise=False)
        >>> coarse_a_fine_b.shape
        torch.Size([5, 3, 16, 16])
    """

    mean_style: Tensor

    def __init__(
        self,
        shape: Sequence[int],
        *,
        n_latent: int = 128,
        n_style: int = 128,
        n_layers: int = 8,
        width: int = 64,
        mixing: float = 0.9,
    ) -> None:
        super().__init__()
        widths = stage_widths(shape, width)
        self.shape = tuple(shape)
        self.n_latent, self.n_style = n_latent, n_style
        self.n_synthesis_layers = 2 * len(widths)
        self.mixing = check_float(mixing, "mixing", low=0.0, high=1.0)
        self.style = MappingNetwork(n_latent, n_style, n_layers=n_layers)
        # Departs from the paper, which starts from ones: instance normalization cannot scale a map without variance.
        self.constant = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.layers = nn.ModuleList()
        for k, n in enumerate(widths):
            up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            first = nn.Sequential(up, EqualizedConv2d(widths[k - 1], n, 3)) if k else nn.Identity()
            self.layers.append(_StyledLayer(first, n, n_style))
            self.layers.append(_StyledLayer(EqualizedConv2d(n, n, 3), n, n_style))
        self.to_image = EqualizedConv2d(widths[-1], shape[0], 1, gain=1.0)
        self.register_buffer("mean_style", torch.zeros(n_style))

    def forward(self, latent: Tensor, *, truncation: float | None = None, noise: bool = True) -> Tensor:
        """Return images; the same ones for the same latent vectors only without ``noise`` and in evaluation mode.

        ``truncation`` is psi: styles are pulled to their running mean w', w' + psi (w - w'), in all layers. 1 and None
        leave them, 0 gives everyone the mean image, values between trade variety for likely images.
        """
        w = other = self.style(check_batch(latent, "latent", (self.n_latent,)))
        crossover = self.n_synthesis_layers
        if self.training:
            with torch.no_grad():
                self.mean_style.lerp_(w.mean(dim=0).to(self.mean_style.dtype), 1.0 - MEAN_DECAY)
            if float(torch.rand(())) < self.mixing:
                other, crossover = w.roll(1, dims=0), int(torch.randint(1, self.n_synthesis_layers, ()))
        styles = self.mix(w, other, crossover)
        if truncation is not None:
            psi = check_float(truncation, "truncation")
            styles = torch.lerp(self.mean_style.to(styles.dtype).expand_as(styles), styles, psi)
        return self.synthesize(styles, noise=noise)

    def mix(self, w: Tensor, other: Tensor, crossover: int) -> Tensor:
        """Return ``(n, n_synthesis_layers, n_style)``: ``w`` in the first ``crossover`` layers, ``other`` in the rest.

        Both are ``(n, n_style)``, as :attr:`style` gives them.
        """
        crossover = check_int(crossover, "crossover", high=self.n_synthesis_layers)
        first = check_batch(w, "w", (self.n_style,))[:, None].expand(-1, crossover, -1)
        rest = check_batch(other, "other", (self.n_style,))[:, None].expand(-1, self.n_synthesis_layers - crossover, -1)
        return torch.cat([first, rest], dim=1)

    def synthesize(self, styles: Tensor, *, noise: bool = True) -> Tensor:
        """Return the images of styles ``(n, n_synthesis_layers, n_style)``: one a layer, coarse layers first.

        Raises:
            ValueError: ``styles`` has another shape.
        """
        check_bool(noise, "noise")
        check_batch(styles, "styles", (self.n_synthesis_layers, self.n_style))
        x = self.constant.expand(len(styles), -1, -1, -1)
        for layer, style in zip(self.layers, styles.unbind(dim=1), strict=True):
            x = layer(x, style, noise=noise)
        image: Tensor = self.to_image(x)
        return image


def style_trunk(shape: Sequence[int], *, width: int = 64) -> ProgressiveTrunk:
    """Return StyleGAN's critic less its last layer: a :class:`ProgressiveTrunk` at its last stage.

    Departs from the paper, whose critic filters with a binomial kernel before it halves: means over 2x2 pixels here.
    """
    trunk = ProgressiveTrunk(shape, width=width)
    trunk.set_stage(trunk.n_stages - 1)
    return trunk
