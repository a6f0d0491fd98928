"""Networks whose features samples are compared by; every one has a name that is printed with its scores.

==========================  ================================================================================
:class:`FeatureExtractor`   images to features and class probabilities; also for a network of your own
:func:`digits_features`     "digits-mlp-v1": 64 features of 8 x 8 digits; weights come with the package
:func:`fashion_features`    "fashion-cnn-v1": 128 features of Fashion-MNIST; weights come with the package
:func:`inception_features`  "inception-2015": 2048 features, those of published scores; bring its weights
:func:`pixel_features`      "pixels": the samples themselves
==========================  ================================================================================

Scores of different networks cannot be compared: a Frechet distance of 10 means one thing under "fashion-cnn-v1" and
another under "inception-2015". :mod:`evogan.metrics` computes them from the features.
"""

from evogan.features._extractor import FeatureExtractor, pixel_features
from evogan.features._inception_weights import inception_features
from evogan.features._shipped import digits_features, fashion_features

__all__ = [
    "FeatureExtractor",
    "digits_features",
    "fashion_features",
    "inception_features",
    "pixel_features",
]
