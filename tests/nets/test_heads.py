"""The heads of a discriminator: each against its formula."""

import pytest
import torch
from torch import nn

from evogan.nets import Critic, Discriminator, MinibatchDiscrimination, Trunk, dcgan_trunk, mlp_trunk


def discriminator(**heads):
    torch.manual_seed(0)
    return Discriminator(mlp_trunk((3,), hidden=(6, 4)), **heads)


X = torch.linspace(-2, 2, 15).view(5, 3)
LABELS = torch.tensor([0, 1, 2, 1, 0])


def test_the_plain_discriminator_is_linear_on_its_trunk():
    D = discriminator()
    out = D(X)
    assert isinstance(out, Critic)
    assert torch.equal(out.features, D.trunk(X))
    torch.testing.assert_close(out.logits, out.features @ D.logit.weight.T + D.logit.bias)
    assert out.logits.shape == (5, 1)
    assert out.classes is out.code is out.kl is None


def test_the_bias_can_be_left_out():
    assert discriminator(bias=False).logit.bias is None
    assert discriminator().logit.bias is not None


def test_conditions_are_ignored_without_a_projection():
    D = discriminator(classes=3)
    assert torch.equal(D(X, LABELS).logits, D(X).logits)


def test_projection_is_linear_in_the_embedding():
    D = discriminator(projection=3)
    a, b = (D(X, torch.full((5,), label)) for label in (0, 2))
    e = D.embedding.weight
    torch.testing.assert_close(a.logits - b.logits, (a.features @ (e[0] - e[2]))[:, None])
    assert (a.logits - b.logits).abs().min() > 0
    nn.init.zeros_(D.embedding.weight)
    assert torch.equal(D(X, LABELS).logits, D.logit(D.trunk(X)))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (
            None,
            TypeError,
            r"condition must hold class labels as an int64 tensor of shape \(5,\).*in \[0, 2\], got None",
        ),
        (LABELS.float(), TypeError, r"got dtype torch.float32: convert by .long\(\)"),
        (LABELS[:4], ValueError, r"got shape \(4,\)"),
        (LABELS[:, None], ValueError, r"got shape \(5, 1\)"),
        (LABELS + 1, ValueError, r"got values in \[1, 3\]"),
        (LABELS - 1, ValueError, r"got values in \[-1, 1\]"),
    ],
)
def test_projection_refuses_bad_labels(labels, error, message):
    with pytest.raises(error, match=message):
        discriminator(projection=3)(X, labels)


def test_further_heads_see_the_features():
    D = discriminator(classes=7, code=2)
    out = D(X)
    assert out.classes.shape == (5, 7) and out.code.shape == (5, 2)
    torch.testing.assert_close(out.classes, D.classifier(out.features))
    torch.testing.assert_close(out.code, D.recognizer(out.features))


def set_bottleneck(D, mean, log_variance):
    nn.init.zeros_(D.statistics.weight)
    D.statistics.bias.data = torch.tensor([*mean, *log_variance])


def test_information_through_the_bottleneck_by_closed_form():
    D = discriminator(bottleneck=2)
    set_bottleneck(D, [0.0, 0.0], [0.0, 0.0])
    assert torch.equal(D(X).kl, torch.zeros(5))  # N(0, I) against itself
    mean, sigma = torch.tensor([1.5, -0.5]), torch.tensor([0.3, 2.0])
    set_bottleneck(D, mean.tolist(), (2 * sigma.log()).tolist())
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(mean, sigma), normal(0.0, 1.0)).sum()
    torch.testing.assert_close(D(X).kl, kl.expand(5))


def test_the_bottleneck_samples_in_training_and_takes_the_mean_in_evaluation():
    D = discriminator(bottleneck=2)
    sigma = torch.tensor([0.5, 3.0])
    set_bottleneck(D, [1.0, -2.0], (2 * sigma.log()).tolist())
    w, b = D.logit.weight[0], D.logit.bias
    mean = torch.tensor([1.0, -2.0]) @ w + b
    D.eval()
    torch.testing.assert_close(D(X).logits, mean.expand(5, 1))
    D.train()
    logits = D(torch.zeros(20000, 3)).logits[:, 0]
    scale = (w * sigma).norm()
    assert abs(logits.mean() - mean).item() < 5 * scale / 20000**0.5
    assert logits.std().item() == pytest.approx(scale.item(), rel=0.03)


def test_nothing_reaches_the_logit_around_the_bottleneck():
    D = discriminator(bottleneck=2, projection=3, minibatch=MinibatchDiscrimination(2, n_kernels=3)).eval()
    set_bottleneck(D, [1.0, -2.0], [0.0, 0.0])
    logits = D(X, torch.zeros(5, dtype=torch.int64)).logits
    assert torch.equal(logits, logits[:1].expand(5, 1))


def test_samples_are_compared_before_the_logit():
    D = discriminator(minibatch=MinibatchDiscrimination(4, n_kernels=3))
    assert D.logit.in_features == 7
    x = X.clone().requires_grad_(True)
    D(x).logits[0].backward()
    assert (x.grad.abs().amax(dim=1) > 0).all()  # one sample's logit depends on all
    out = D(X)
    torch.testing.assert_close(out.logits, D.logit(torch.cat([out.features, D.minibatch(out.features)], dim=1)))


def test_every_parameter_gets_a_gradient():
    minibatch = MinibatchDiscrimination(5, n_kernels=3)
    D = discriminator(projection=3, classes=3, code=2, bottleneck=5, minibatch=minibatch)
    out = D(X, LABELS)
    sum((part**3).sum() for part in (out.logits, out.classes, out.code, out.kl)).backward()
    for name, p in D.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name


def test_convolutional_trunks_serve():
    D = Discriminator(dcgan_trunk((1, 8, 8), width=4), projection=2)
    assert D(torch.zeros(2, 1, 8, 8), torch.tensor([0, 1])).logits.shape == (2, 1)


def test_bad_parts_are_refused():
    with pytest.raises(TypeError, match=r"trunk must be an object such as dcgan_trunk\(\(1, 32, 32\)\)"):
        Discriminator(mlp_trunk)
    with pytest.raises(TypeError, match="trunk must tell the width of its output as an integer n_features, got None"):
        Discriminator(nn.Linear(2, 3))
    with pytest.raises(ValueError, match="minibatch must take 4 features, got one for 3"):
        discriminator(minibatch=MinibatchDiscrimination(3))
    with pytest.raises(ValueError, match="minibatch must take 2 features, got one for 4"):
        discriminator(bottleneck=2, minibatch=MinibatchDiscrimination(4))
    with pytest.raises(TypeError, match="minibatch must be an object such as MinibatchDiscrimination"):
        discriminator(minibatch=5)
    for name in ("projection", "classes", "code", "bottleneck"):
        with pytest.raises(ValueError, match=f"{name} must be at least 0"):
            discriminator(**{name: -1})


def test_a_trunk_of_ones_own_needs_only_its_width():
    D = Discriminator(Trunk(nn.Linear(3, 2), n_features=2))
    assert D(X).features.shape == (5, 2)
