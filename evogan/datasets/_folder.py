"""Images of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from evogan._internal.checks import check_int
from evogan.datasets._dataset import Dataset, resize

_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}


def image_folder(path: str | Path, *, size: int | None = None, channels: int = 3) -> Dataset:
    """Return the images of a folder and its sub-folders, in the order of their paths.

    If all images lie in sub-folders, and there are at least two of these, the sub-folders are the classes, numbered in
    the order of their names. Hidden files and files that are no images by their ending are passed over.

    Args:
        path: the folder.
        size: each image is cropped to its central square and resized to ``size`` x ``size`` pixels, by area means or
            bilinear growth. None needs images that are all square and equally large.
        channels: 3 for colours, 1 for grey levels. Transparency is dropped.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it holds no images, an image cannot be read, or images differ in size and ``size`` is None.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels must be 3 (colours) or 1 (grey levels), got {channels!r}")
    if size is not None:
        check_int(size, "size", low=1)
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"path must be a folder of images, got {str(path)!r}: there is no such folder")
    found = (file for file in folder.rglob("*") if file.suffix.lower() in _ENDINGS and file.is_file())
    inner = sorted(file.relative_to(folder) for file in found)
    inner = [file for file in inner if not any(part.startswith(".") for part in file.parts)]
    if not inner:
        raise ValueError(f"path must be a folder of images ({', '.join(sorted(_ENDINGS))}), got none in {folder}")
    images: list[Tensor] = []
    for file in inner:
        image = _read(folder / file, channels)
        if size is not None:
            image = resize(_central_square(image)[None], size)[0]
        elif image.shape != (images or [image])[0].shape or image.shape[1] != image.shape[2]:
            raise ValueError(
                f"size must be given unless all images are square and equally large, e.g. size=64: "
                f"{inner[0]} has {_pixels((images or [image])[0])}, {file} has {_pixels(image)}"
            )
        images.append(image)
    name, x = folder.resolve().name, torch.stack(images)
    classes = sorted({file.parts[0] for file in inner})
    if len(classes) < 2 or any(len(file.parts) == 1 for file in inner):
        return Dataset(name, x)
    return Dataset(name, x, torch.tensor([classes.index(file.parts[0]) for file in inner]), len(classes))


def _read(path: Path, channels: int) -> Tensor:
    """Return an image file as uint8 ``(c, h, w)``, upright."""
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                raise ValueError(f"its grey levels (mode {image.mode}) are not of 8 bits; convert it first")
            upright = ImageOps.exif_transpose(image)
            if "transparency" in upright.info:
                upright = upright.convert("RGBA")
            levels = np.array(upright.convert("RGB" if channels == 3 else "L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    return torch.from_numpy(levels.reshape(*levels.shape[:2], channels)).permute(2, 0, 1)


def _central_square(image: Tensor) -> Tensor:
    _, height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[:, top : top + side, left : left + side]


def _pixels(image: Tensor) -> str:
    return f"{image.shape[2]} x {image.shape[1]} pixels"
