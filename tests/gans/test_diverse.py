"""PacGAN and the improved techniques: what the discriminator sees, and which parts are there."""

import pytest
import torch

from evogan.gans import Recipe, gan, improved_gan, pacgan
from evogan.losses import DiscriminatorOnly, FeatureMatching, Hinge, HistoricalAveraging, LabelSmoothing, NonSaturating
from evogan.nets import MinibatchDiscrimination, MLPNetworks
from evogan.training import Batch

NETS = MLPNetworks(n_latent=4, hidden=(16,))


def batches():
    return Batch(torch.randn(8, 2))


def test_packs_of_one_are_the_plain_gan():
    plain, packed = (make((2,), networks=NETS, recipe=Recipe(), **m) for make, m in ((gan, {}), (pacgan, {"m": 1})))
    packed.trainer.G.load_state_dict(plain.trainer.G.state_dict())
    packed.trainer.D.D.load_state_dict(plain.trainer.D.state_dict())
    losses = []
    for system in (plain, packed):
        torch.manual_seed(3)
        losses.append([list(system.step(batches).values()) for _ in range(5)])
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(plain.trainer.G.state_dict(), packed.trainer.G.state_dict())


@pytest.mark.parametrize("m", [2, 4])
def test_packs_hold_samples_of_one_kind_side_by_side(m):
    system = pacgan((2,), networks=NETS, m=m)
    seen = []
    system.trainer.D.D.register_forward_pre_hook(lambda net, args: seen.append(args[0].detach()))
    real = torch.arange(16.0).view(8, 2)
    system.trainer.d_step(real)
    assert [tuple(packs.shape) for packs in seen] == [(8 // m, 2 * m)] * 2
    torch.testing.assert_close(seen[0], real.view(8 // m, 2 * m))
    assert not torch.isin(seen[1], real).any()
    with pytest.raises(ValueError, match=f"multiple of m = {m}"):
        system.trainer.d_step(torch.zeros(m + 1, 2))


def test_packs_of_images_are_stacked_along_channels():
    system = pacgan((1, 8, 8), networks=NETS, m=2, base=Hinge())
    seen = []
    system.trainer.D.D.register_forward_pre_hook(lambda net, args: seen.append(tuple(args[0].shape)))
    system.step(lambda: Batch(torch.rand(6, 1, 8, 8)))
    assert seen == [(3, 2, 8, 8)] * 3
    assert system.trainer.loss == Hinge()


def test_the_improved_gan_compares_a_batch_and_smooths_real_labels():
    system = improved_gan((2,), networks=NETS)
    assert system.trainer.loss == LabelSmoothing(NonSaturating(), 0.1)
    assert system.trainer.auxiliaries == ()
    layer = system.trainer.D.minibatch
    assert isinstance(layer, MinibatchDiscrimination) and layer.n_kernels == 50
    x = torch.randn(4, 2)
    together, alone = system.trainer.D(x).logits, system.trainer.D(x[:2]).logits
    assert not torch.allclose(together[:2], alone)
    # Same samples again: everything in the batch lies close to something.
    assert system.trainer.D(x[:1].expand(4, 2)).logits.std() == 0


def test_feature_matching_replaces_the_generators_loss_and_the_minibatch():
    torch.manual_seed(0)
    system = improved_gan((2,), networks=NETS, feature_matching=True, smoothing=0.2)
    assert system.trainer.loss == DiscriminatorOnly(LabelSmoothing(NonSaturating(), 0.2))
    assert system.trainer.auxiliaries == (FeatureMatching(),) and system.trainer.D.minibatch is None
    real, latent = torch.randn(8, 2), torch.randn(8, 4)
    system.trainer.prior = lambda n: latent
    with torch.no_grad():
        of_real, of_fake = (system.trainer.D(x).features.mean(0) for x in (real, system.trainer.G(latent)))
    value = system.trainer.g_step(real).item()
    assert value == pytest.approx((of_real - of_fake).square().sum().item(), rel=1e-5) and value > 0


def test_smoothing_of_0_and_no_kernels_is_the_plain_gan():
    plain = gan((2,), networks=NETS, recipe=Recipe())
    smooth = improved_gan((2,), networks=NETS, smoothing=0.0, n_kernels=0, recipe=Recipe())
    for name in ("G", "D"):
        getattr(smooth.trainer, name).load_state_dict(getattr(plain.trainer, name).state_dict())
    losses = []
    for system in (plain, smooth):
        torch.manual_seed(3)
        losses.append([list(system.step(batches).values()) for _ in range(3)])
    torch.testing.assert_close(losses[0], losses[1], rtol=0, atol=0)


def test_history_pulls_both_players_back():
    system = improved_gan((2,), networks=NETS, history=0.5)
    (term,) = system.trainer.auxiliaries
    assert isinstance(term, HistoricalAveraging) and term.weight == 0.5
    torch.manual_seed(0)
    for _ in range(3):
        system.step(batches)
    assert term.get_extra_state()["count"] == 3
    plain, bound = (improved_gan((2,), networks=NETS, history=h, recipe=Recipe(ema=None)) for h in (0.0, 1000.0))
    for name in ("G", "D"):
        getattr(bound.trainer, name).load_state_dict(getattr(plain.trainer, name).state_dict())
    moved = []
    for one in (plain, bound):
        start = [p.detach().clone() for p in one.trainer.D.parameters()]
        torch.manual_seed(0)
        for _ in range(30):
            one.step(batches)
        pairs = zip(one.trainer.D.parameters(), start, strict=True)
        moved.append(sum((p.detach() - before).square().sum().item() for p, before in pairs))
    assert moved[1] < 0.5 * moved[0]


@pytest.mark.parametrize(
    ("make", "options", "error", "name"),
    [
        (pacgan, {"m": 0}, ValueError, "m must be"),
        (improved_gan, {"smoothing": 0.9}, ValueError, "amount"),
        (improved_gan, {"n_kernels": -1}, ValueError, "n_kernels"),
        (improved_gan, {"feature_matching": "no"}, TypeError, "feature_matching"),
        (improved_gan, {"history": -1.0}, ValueError, "HistoricalAveraging.weight"),
    ],
)
def test_wrong_settings_are_named(make, options, error, name):
    with pytest.raises(error, match=name):
        make((2,), networks=NETS, **options)
