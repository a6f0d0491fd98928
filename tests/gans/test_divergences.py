"""Systems told apart by their loss: what their critics are, and what their controllers do."""

import numpy as np
import pytest
import torch

from evogan.datasets import digits
from evogan.gans import Recipe, began, f_gan, gan_qp, ragan, rsgan, t_gan
from evogan.losses import BEGAN, FGAN, GANQP, KL, Hinge, NonSaturating, Pearson, Relativistic, RelativisticAverage
from evogan.nets import AutoencoderCritic, DCGANNetworks, MLPNetworks
from evogan.training import Adam, Batch, fit

NETS = MLPNetworks(n_latent=4, hidden=(16,))


def batches():
    return Batch(torch.randn(8, 2))


@pytest.mark.parametrize(
    ("system", "loss"),
    [
        (lambda: f_gan((2,)), FGAN(Pearson())),
        (lambda: f_gan((2,), divergence=KL(), non_saturating=True), FGAN(KL(), non_saturating=True)),
        (lambda: rsgan((2,)), Relativistic(NonSaturating())),
        (lambda: ragan((2,), base=Hinge()), RelativisticAverage(Hinge())),
        (lambda: gan_qp((2,), weight=3.0), GANQP(3.0)),
        (lambda: t_gan((2,)), Relativistic(NonSaturating())),
    ],
)
def test_each_system_is_its_loss(system, loss):
    assert system().trainer.loss == loss


def test_the_critic_of_gan_qp_has_no_constant_and_steps_twice():
    system = gan_qp((2,), networks=NETS)
    assert system.trainer.D.logit.bias is None and system.n_critic == 2


def test_the_turing_test_shows_both_orders_side_by_side():
    system = t_gan((3, 8, 8), networks=NETS)
    seen = []
    system.trainer.D.register_forward_pre_hook(lambda net, args: seen.append(args[0].detach()))
    real = torch.rand(4, 3, 8, 8)
    system.trainer.d_step(real)
    (both,) = seen
    assert both.shape == (8, 6, 8, 8)
    torch.testing.assert_close(both[:4, :3], real)
    torch.testing.assert_close(both[4:, 3:], real)
    torch.testing.assert_close(both[:4, 3:], both[4:, :3])


@pytest.mark.parametrize("networks", [NETS, DCGANNetworks(n_latent=4, width=4)])
def test_the_judge_of_began_is_an_autoencoder_of_the_generators_kind(networks):
    system = began((1, 16, 16), networks=networks)
    D = system.trainer.D
    assert isinstance(D, AutoencoderCritic) and type(D.decoder) is type(system.trainer.G)
    assert [type(layer) for layer in D.decoder] == [type(layer) for layer in system.trainer.G]
    x = torch.rand(3, 1, 16, 16)
    torch.testing.assert_close(D(x)[:, 0], -(x - D.decoder(D.encoder(x))).abs().mean(dim=(1, 2, 3)))


def test_began_logs_its_balance_and_moves_it_by_hand():
    torch.manual_seed(0)
    system = began((2,), networks=NETS, gamma=0.6, lambda_k=0.5, recipe=Recipe(lr_D=0.0, lr_G=0.0))
    assert isinstance(system.trainer.loss, BEGAN)
    real, latent = torch.randn(8, 2), torch.randn(8, 4)
    system.trainer.prior = lambda n: latent
    with torch.no_grad():
        of_real, of_fake = (-system.trainer.D(x).mean().item() for x in (real, system.trainer.G(latent)))
    k, said = 0.0, None
    for _ in range(3):
        said = system.step(lambda: Batch(real))
        assert said["discriminator"].item() == pytest.approx(of_real - k * of_fake, rel=1e-5)
        assert said["generator"].item() == pytest.approx(of_fake, rel=1e-5)
        k = min(1.0, max(0.0, k + 0.5 * (0.6 * of_real - of_fake)))
        assert said["k"].item() == pytest.approx(k, abs=1e-6)
        assert said["convergence"].item() == pytest.approx(of_real + abs(0.6 * of_real - of_fake), rel=1e-5)
    assert k > 0


@pytest.mark.slow
def test_the_controller_of_began_balances_the_errors_on_digits():
    torch.manual_seed(0)
    recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.999)))
    system = began((1, 8, 8), gamma=0.7, lambda_k=1e-2, recipe=recipe)
    losses = fit(system, digits(), 4000, rng=np.random.default_rng(0))
    x, _ = digits().batch(torch.arange(1000))
    with torch.no_grad():
        system.trainer.D.eval()
        of_real, of_fake = (
            -system.trainer.D(images).mean().item() for images in (x, system.trainer.G(torch.randn(1000, 64)))
        )
    assert of_fake / of_real == pytest.approx(0.7, rel=0.35)
    assert losses["convergence"][-200:].mean() < 0.5 * losses["convergence"][:50].mean()
    assert 0 < losses["k"][-1] < 1
