"""Discriminators of patches, and the translators of unpaired images that are trained against them.

P. Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, sec. 3.2.2, app. 6.1.2;
J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired image-to-image translation using cycle-consistent adversarial
networks", ICCV 2017, sec. 7.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._critic import logits_of
from evogan.nets._images import check_images, check_pair, init_normal, instance_norm


class PatchDiscriminator(nn.Module):
    """Judge every patch of an image: ``n_layers=3`` sees patches of 70 pixels, 1 sees 16 and serves 8-pixel images.

    The 4x4 convolutions have ``width`` channels, doubled up to eight times; ``n_layers`` of them have stride 2.
    Normalization is over each instance, as in CycleGAN, so that gradient penalties see samples that do not mix.

    Args:
        in_channels: those of the image and, for a conditional discriminator, of the condition together.
        width: channels of the first layer; the paper's 64 is the default.
        n_layers: layers of stride 2.

    Example:
        >>> receptive_field(PatchDiscriminator(3))
        70
    """

    def __init__(self, in_channels: int, *, width: int = 64, n_layers: int = 3) -> None:
        super().__init__()
        self.in_channels = check_int(in_channels, "in_channels", low=1)
        self.n_layers = check_int(n_layers, "n_layers", low=1)
        n_out = check_int(width, "width", low=1)
        layers: list[nn.Module] = [nn.Conv2d(self.in_channels, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for i in range(1, self.n_layers + 1):
            n_in, n_out = n_out, width * min(2**i, 8)
            stride = 2 if i < self.n_layers else 1
            layers += [nn.Conv2d(n_in, n_out, 4, stride=stride, padding=1, bias=False), instance_norm(n_out)]
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Conv2d(n_out, 1, 4, padding=1))
        init_normal(self)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits ``(n, 1, h', w')``, one a patch, of images ``(n, c, h, w)`` and their source images.

        Raises:
            ValueError: the channels do not add up to ``in_channels``, the sizes differ, or the image is too small.
        """
        if condition is not None:
            if condition.shape[:1] + condition.shape[2:] != x.shape[:1] + x.shape[2:]:
                raise ValueError(
                    f"condition must hold images of the number and size of x, {tuple(x.shape)}, "
                    f"got shape {tuple(condition.shape)}"
                )
            x = torch.cat([x, condition], 1)
        check_images(x, "x" if condition is None else "x with condition", channels=self.in_channels)
        low = 3 * 2**self.n_layers  # leaves 3 pixels for the two convolutions of stride 1
        if min(x.shape[2:]) < low:
            raise ValueError(f"x must be {low} pixels or larger for n_layers={self.n_layers}, got {tuple(x.shape)}")
        out: Tensor = self.layers(x)
        return out


def receptive_field(net: nn.Module) -> int:
    """Return the side, in pixels, of the patch that one output of a chain of square convolutions looks at."""
    side, jump = 1, 1
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            side += (layer.kernel_size[0] - 1) * layer.dilation[0] * jump
            jump *= layer.stride[0]
    return side


class _ResidualBlock(nn.Module):
    """Two reflection-padded 3x3 convolutions beside an identity; no activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), instance_norm(channels)]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), instance_norm(channels)]
        self.layers = nn.Sequential(*first, nn.ReLU(), *second)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


class ResnetTranslator(nn.Module):
    """CycleGAN's generator: two halvings, residual blocks, two doublings; 64 channels and 6 or 9 blocks in the paper.

    Args:
        channels: channels of the images.
        width: channels at full resolution; four times as many in the residual blocks.
        n_blocks: residual blocks.
        out_channels: channels of the other domain; None: ``channels``.
    """

    def __init__(self, channels: int, *, width: int = 32, n_blocks: int = 3, out_channels: int | None = None) -> None:
        super().__init__()
        self.channels = check_int(channels, "channels", low=1)
        n_out = self.channels if out_channels is None else check_int(out_channels, "out_channels", low=1)
        k = check_int(width, "width", low=1)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(self.channels, k, 7, bias=False)]
        layers += [instance_norm(k), nn.ReLU()]
        for n_in in (k, 2 * k):
            layers.append(nn.Conv2d(n_in, 2 * n_in, 3, stride=2, padding=1, bias=False))
            layers += [instance_norm(2 * n_in), nn.ReLU()]
        layers += [_ResidualBlock(4 * k) for _ in range(check_int(n_blocks, "n_blocks"))]
        for n_in in (4 * k, 2 * k):
            up = nn.ConvTranspose2d(n_in, n_in // 2, 3, stride=2, padding=1, output_padding=1, bias=False)
            layers += [up, instance_norm(n_in // 2), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(k, n_out, 7), nn.Tanh())
        init_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return images in (-1, 1) of the size of ``x``, ``(n, channels, h, w)`` with sides 8, 12, 16, ...

        Raises:
            ValueError: another number of channels, or a side that is not divisible by 4 or below 8.
        """
        check_images(x, "x", channels=self.channels)
        if min(x.shape[2:]) < 8 or x.shape[2] % 4 or x.shape[3] % 4:
            raise ValueError(f"x must have sides of at least 8 that are divisible by 4, got shape {tuple(x.shape)}")
        out: Tensor = self.layers(x)
        return out


class TranslatorPair(nn.Module):
    """CycleGAN's two generators as one: a pair of source samples goes to a pair of fakes ``(x_a, x_b)``.

    The translators are called with samples alone, as :class:`ResnetTranslator` is; networks of vectors serve too.
    """

    def __init__(self, a_to_b: nn.Module, b_to_a: nn.Module) -> None:
        super().__init__()
        self.a_to_b = a_to_b
        self.b_to_a = b_to_a

    def forward(self, latent: Tensor | None, condition: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return ``(b_to_a(b), a_to_b(a))`` for the condition ``(a, b)``: the domains stay in order."""
        a, b = check_pair(condition, "condition")
        return self.b_to_a(b), self.a_to_b(a)


class DiscriminatorPair(nn.Module):
    """Two discriminators, one of each domain, as one discriminator of pairs ``(x_a, x_b)``."""

    def __init__(self, D_a: nn.Module, D_b: nn.Module) -> None:
        super().__init__()
        self.D_a = D_a
        self.D_b = D_b

    def forward(self, x: tuple[Tensor, Tensor], condition: Any = None) -> Tensor:
        """Return all logits of both, ``(n, k_a + k_b)``; the condition (what was translated) is not looked at."""
        x_a, x_b = check_pair(x, "x")
        return torch.cat([logits_of(self.D_a(x_a)).flatten(1), logits_of(self.D_b(x_b)).flatten(1)], 1)
