"""Images, toy mixtures and sequences, each wholly in memory as one tensor; nothing is ever downloaded.

=========================  ==========================================================================
:class:`Dataset`           samples with their labels; batches as training wants them
:func:`load`               a set by its name, or a folder of images by its path
:func:`names`              the names that :func:`load` knows
:func:`digits`             1797 handwritten digits of 8 x 8 pixels, bundled
:func:`fashion_mnist`      Xiao et al. 2017: 70 000 garments of 28 x 28 pixels, from local files
:func:`mnist`              LeCun et al. 1998: 70 000 digits of 28 x 28 pixels, from local files
:func:`cifar10`            Krizhevsky 2009: 60 000 colour images of 32 x 32 pixels, from local files
:func:`image_folder`       images of your own
:func:`ring`               Gaussians on a circle
:func:`grid`               Gaussians on a square grid
:func:`swiss_roll`         a spiral in the plane
:func:`oracle_sequences`   tokens of a known distribution
=========================  ==========================================================================

Sets that are not bundled are looked for in ``root`` if it is given, else in ``$EVOGAN_DATA/<name>``, in ``data/<name>``
under the current folder (which ``make data`` fills) and in ``/usr/share/datasets/<name>``. Their content is compared
with the MD5 sums of the published files.
"""

from evogan.datasets._cifar import cifar10
from evogan.datasets._dataset import Dataset
from evogan.datasets._digits import digits
from evogan.datasets._folder import image_folder
from evogan.datasets._idx import fashion_mnist, mnist
from evogan.datasets._load import ListedSet, load, names
from evogan.datasets._sequences import oracle_sequences
from evogan.datasets._toys import grid, ring, swiss_roll

__all__ = [
    "Dataset",
    "ListedSet",
    "cifar10",
    "digits",
    "fashion_mnist",
    "grid",
    "image_folder",
    "load",
    "mnist",
    "names",
    "oracle_sequences",
    "ring",
    "swiss_roll",
]
