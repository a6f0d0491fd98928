"""The trainer's two steps: what they compute, what they change, and that a restored trainer goes on the same way."""

import copy
import io

import pytest
import torch
from torch import nn

from evogan.losses import Hinge, LeastSquares, Minimax, NonSaturating, SourceWeights, Wasserstein
from evogan.nets import mlp, mlp_discriminator, mlp_generator
from evogan.regularizers import R1, R2, GradientPenalty
from evogan.training import AdversarialTrainer, adam
from evogan.training._trainer import _descend

N_VAR, N_LATENT, BATCH = 4, 3, 8


def trainer_of(seed=0, *, generator=None, discriminator=None, **options):
    torch.manual_seed(seed)
    G = mlp_generator(N_LATENT, N_VAR) if generator is None else generator
    D = mlp_discriminator(N_VAR) if discriminator is None else discriminator
    rate = adam(1e-2)
    options = {"prior": lambda n: torch.randn(n, N_LATENT), "optimizer_G": rate, "optimizer_D": rate, **options}
    return AdversarialTrainer(G, D, **options)


def batch(seed, n=BATCH):
    return torch.rand(n, N_VAR, generator=torch.Generator().manual_seed(seed))


def snapshot(net):
    return {name: p.detach().clone() for name, p in net.named_parameters()}


def changed(net, before):
    return {name for name, p in net.named_parameters() if not torch.equal(p, before[name])}


def steps(trainer, n, seed):
    """Run ``n`` pairs of steps and return their losses."""
    torch.manual_seed(seed)
    losses = []
    for k in range(n):
        losses.append(trainer.d_step(batch(k), poor=batch(100 + k)).item())
        losses.append(trainer.g_step(batch(k)).item())
    return losses


def test_d_step_changes_only_the_discriminator():
    trainer = trainer_of()
    G, D = snapshot(trainer.G), snapshot(trainer.D)
    trainer.d_step(batch(1), poor=batch(2))
    assert changed(trainer.G, G) == set()
    assert changed(trainer.D, D) == set(D)


def test_g_step_changes_only_the_generator():
    trainer = trainer_of(generator=mlp_generator(N_LATENT, N_VAR, batch_norm=False))
    G, D = snapshot(trainer.G), snapshot(trainer.D)
    trainer.g_step(batch(1))
    assert changed(trainer.G, G) == set(G)
    assert changed(trainer.D, D) == set()


def test_steps_go_downhill():
    trainer = trainer_of()
    real, fake = batch(1), batch(2)
    d_losses = [trainer.d_step(real, fake=fake).item() for _ in range(30)]
    assert d_losses[-1] < d_losses[0]
    g_losses = [trainer.g_step(real).item() for _ in range(30)]
    assert g_losses[-1] < g_losses[0]


def test_d_step_returns_the_loss_before_its_update():
    trainer = trainer_of()
    real, fake = batch(1), batch(2)
    expected = nn.functional.softplus(-trainer.D(real)).mean() + nn.functional.softplus(trainer.D(fake)).mean()
    value = trainer.d_step(real, fake=fake)
    assert value.shape == ()
    assert not value.requires_grad
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)


def test_d_step_weighs_elite_poor_and_fake():
    trainer = trainer_of(loss=LeastSquares(), weights=SourceWeights(0.1, 0.9, 1.0))
    real, poor, fake = batch(1), batch(2, n=3), batch(3, n=5)
    d_real, d_poor, d_fake = (trainer.D(x).detach() for x in (real, poor, fake))
    expected = 0.1 * ((d_real - 1) ** 2).mean() / 2 + 0.9 * (d_poor**2).mean() / 2 + (d_fake**2).mean() / 2
    assert trainer.d_step(real, poor=poor, fake=fake).item() == pytest.approx(expected.item(), rel=1e-6)


def test_weights_enter_only_with_a_third_source():
    real, fake = batch(1), batch(2)
    plain = trainer_of(loss=Hinge()).d_step(real, fake=fake)
    weighted = trainer_of(loss=Hinge(), weights=SourceWeights(7.0, 3.0, 2.0)).d_step(real, fake=fake)
    assert plain.item() == weighted.item()


def test_regularizers_are_added_to_the_discriminators_loss():
    real, fake = batch(1), batch(2)
    trainer = trainer_of(regularizers=[R1(3.0), R2(0.5)])
    expected = R1(3.0)(trainer.D, real, fake) + R2(0.5)(trainer.D, real, fake)
    plain = trainer_of().d_step(real, fake=fake)
    value = trainer.d_step(real, fake=fake)
    assert value.item() == pytest.approx(plain.item() + expected.item(), rel=1e-6)
    g_plain, g_value = (trainer_of(regularizers=r).g_step(real) for r in ((), [R1(3.0)]))
    assert g_plain.item() == g_value.item()


def test_missing_fakes_are_generated_from_the_prior():
    trainer, twin = trainer_of(), trainer_of()
    z = torch.randn(BATCH, N_LATENT, generator=torch.Generator().manual_seed(5))
    asked = []
    trainer.prior = lambda n: asked.append(n) or z
    with torch.no_grad():
        fake = twin.G(z)
    assert trainer.d_step(batch(1)).item() == twin.d_step(batch(1), fake=fake).item()
    assert asked == [BATCH]


def test_generated_fakes_carry_no_graph():
    class Spy(nn.Linear):
        def forward(self, x):
            seen.append(x.requires_grad)
            return super().forward(x)

    seen = []
    trainer = trainer_of(discriminator=Spy(N_VAR, 1))
    trainer.d_step(batch(1))
    trainer.g_step(batch(1))
    assert seen == [False, True]


def test_given_fakes_need_no_draw():
    def refuse(n):
        raise AssertionError("the prior was asked although fakes were given")

    trainer_of(prior=refuse).d_step(batch(1), fake=batch(2))


def test_fakes_that_carry_a_graph_leave_the_generator_alone():
    trainer = trainer_of()
    before = snapshot(trainer.G)
    trainer.d_step(batch(1), fake=trainer.G(torch.randn(BATCH, N_LATENT)))
    assert changed(trainer.G, before) == set()
    assert all(p.grad is None for p in trainer.G.parameters())


def test_g_step_takes_a_loss_for_once():
    for loss in (NonSaturating(), Minimax(), LeastSquares()):
        trainer, twin = trainer_of(loss=Hinge()), trainer_of(loss=loss)
        torch.manual_seed(1)
        once = trainer.g_step(batch(1), loss=loss)
        torch.manual_seed(1)
        assert once.item() == twin.g_step(batch(1)).item()
        torch.testing.assert_close(trainer.G.state_dict(), twin.G.state_dict(), rtol=0, atol=0)
        assert trainer.loss == Hinge()


def test_a_paired_loss_sees_real_logits_and_samples_in_both_steps():
    seen = []

    class Paired:
        def discriminator(self, d_real, d_fake, *, real, fake):
            seen.append((d_real, real, fake))
            return nn.functional.softplus(d_fake - d_real).mean()

        def generator(self, d_real, d_fake, *, real, fake):
            seen.append((d_real, real, fake))
            return nn.functional.softplus(d_real - d_fake).mean()

    trainer = trainer_of(loss=Paired())
    for real in (batch(1), batch(2)):
        (trainer.d_step if len(seen) == 0 else trainer.g_step)(real)
        d_real, its_real, its_fake = seen[-1]
        assert its_real is real
        assert d_real.shape == (BATCH, 1)
        assert its_fake.shape == real.shape
    torch.testing.assert_close(seen[1][0], trainer.D(batch(2)))


@pytest.mark.parametrize("way", ["deepcopy", "file"])
@pytest.mark.parametrize("regularizers", [(), (GradientPenalty(0.1),)])
def test_a_restored_trainer_goes_on_bit_identically(way, regularizers):
    trainer = trainer_of(0, regularizers=regularizers)
    steps(trainer, 5, seed=1)
    if way == "deepcopy":
        state = copy.deepcopy(trainer.state_dict())
    else:
        file = io.BytesIO()
        torch.save(trainer.state_dict(), file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
    twin = trainer_of(99, regularizers=regularizers)
    assert steps(copy.deepcopy(twin), 5, seed=2) != steps(copy.deepcopy(trainer), 5, seed=2)
    twin.load_state_dict(state)
    assert steps(twin, 5, seed=3) == steps(trainer, 5, seed=3)
    torch.testing.assert_close(twin.G.state_dict(), trainer.G.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(twin.D.state_dict(), trainer.D.state_dict(), rtol=0, atol=0)


def test_two_trainers_share_nothing_after_a_state_went_from_one_to_the_other():
    # Adam keeps the tensors of a state it loads: without a copy both trainers would step one set of moments.
    parent, untouched = trainer_of(0), trainer_of(0)
    steps(parent, 3, seed=1)
    steps(untouched, 3, seed=1)
    child = trainer_of(1)
    child.load_state_dict(parent.state_dict())
    steps(child, 3, seed=2)
    assert steps(parent, 3, seed=3) == steps(untouched, 3, seed=3)


def test_with_batch_norm_in_the_discriminator_sources_do_not_share_a_batch():
    D = mlp([N_VAR, 6, 1], batch_norm=True)
    real, poor, fake = batch(1), batch(2), batch(3) + 5.0
    trainer = trainer_of(discriminator=D, weights=SourceWeights(1, 1, 1))
    d_real, d_poor, d_fake = (D(x) for x in (real, poor, fake))
    soft = nn.functional.softplus
    expected = soft(-d_real).mean() + soft(d_poor).mean() + soft(d_fake).mean()
    assert trainer.d_step(real, poor=poor, fake=fake).item() == pytest.approx(expected.item(), rel=1e-6)


def test_without_batch_norm_all_sources_go_through_in_one_pass():
    passes = []
    trainer = trainer_of()
    trainer.D.register_forward_hook(lambda module, args, out: passes.append(len(args[0])))
    trainer.d_step(batch(1), poor=batch(2, n=3), fake=batch(3, n=5))
    assert passes == [BATCH + 3 + 5]


def test_frozen_parameters_stay():
    D = mlp_discriminator(N_VAR)
    D[0].weight.requires_grad_(False)
    trainer = trainer_of(discriminator=D)
    before = snapshot(D)
    trainer.d_step(batch(1), fake=batch(2))
    assert changed(D, before) == set(before) - {"0.weight"}


def test_image_sources_and_patch_logits_are_trained_too():
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(2, 16), nn.Unflatten(1, (1, 4, 4)))
    D = nn.Conv2d(1, 1, 2)
    trainer = AdversarialTrainer(G, D, prior=lambda n: torch.randn(n, 2), loss=Hinge(), regularizers=[R1()])
    images = torch.rand(5, 1, 4, 4)
    before = snapshot(D)
    assert trainer.d_step(images, poor=torch.rand(3, 1, 4, 4)).isfinite()
    assert trainer.g_step(images).isfinite()
    assert changed(D, before) == {"weight", "bias"}


def test_optimizers_come_from_the_given_factories():
    sgd = lambda params: torch.optim.SGD(params, lr=0.5)  # noqa: E731
    trainer = trainer_of(loss=Wasserstein(), optimizer_D=sgd, discriminator=nn.Linear(N_VAR, 1))
    real, fake, before = batch(1), batch(2), trainer.D.weight.detach().clone()
    trainer.d_step(real, fake=fake)
    torch.testing.assert_close(trainer.D.weight, before + 0.5 * (real.mean(0) - fake.mean(0)))
    assert type(trainer.optimizer_G) is torch.optim.Adam


def test_adam_hands_on_rate_and_betas():
    group = adam(0.3, betas=(0.5, 0.9))([nn.Parameter(torch.zeros(1))]).param_groups[0]
    assert (group["lr"], group["betas"], group["fused"]) == (0.3, (0.5, 0.9), True)


def test_unbalanced_weights_of_a_wasserstein_critic_are_refused_at_once():
    with pytest.raises(ValueError, match="weights must balance"):
        trainer_of(loss=Wasserstein(), weights=SourceWeights(1, 1, 1))


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="regularizer"):
        trainer_of(regularizer=R1())


def test_gradients_of_another_memory_layout_reach_the_right_weights():
    """Fused optimizers read gradients as they lie in memory: a transposed one must be copied first."""
    steps = []
    for fused in (True, False):
        weight = nn.Parameter(torch.zeros(3, 5))
        slopes = torch.arange(1.0, 16.0).view(5, 3)
        value = (weight.t().contiguous() * slopes).sum()
        (grad,) = torch.autograd.grad(value, [weight], retain_graph=True)
        assert grad.stride() != weight.stride()
        _descend(value, [weight], torch.optim.Adam([weight], lr=0.1, betas=(0.0, 0.0), eps=1.0, fused=fused))
        steps.append(weight.detach())
    assert torch.allclose(*steps, rtol=1e-6)
    assert torch.allclose(steps[0], -0.1 * slopes.t() / (1 + slopes.t()), rtol=1e-5)
