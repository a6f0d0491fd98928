"""What the trainer's parts are shown, when they are called, and whose parameters their gradients reach."""

import pytest
import torch
from torch import nn

from evogan.losses import BEGAN, FeatureMatching, Minimax, NonSaturating, Relativistic, RolesSwapped
from evogan.nets import Critic, Discriminator, MinibatchDiscrimination, MLPNetworks, mlp, mlp_trunk
from evogan.regularizers import R1, GradientPenalty, Lazy, VariationalBottleneck, WeightClipping
from evogan.training import SGD, AdversarialTrainer

N_VAR, N_LATENT, BATCH = 4, 3, 6
NETS = MLPNetworks(n_latent=N_LATENT, hidden=(8,))


class Nothing:
    """A loss of zero for both players, so that only auxiliary terms train."""

    def discriminator(self, d_real, d_fake, *, real, fake):
        return 0 * (d_real.sum() + d_fake.sum())

    def generator(self, d_real, d_fake, *, real, fake):
        return 0 * d_fake.sum()


def draw(n, seed=5, width=N_LATENT):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def trainer_of(G=None, D=None, *, seed=0, kind=AdversarialTrainer, **parts):
    torch.manual_seed(seed)
    G = nn.Linear(N_LATENT, N_VAR) if G is None else G
    D = nn.Linear(N_VAR, 1) if D is None else D
    parts = {"prior": draw, "optimizer_G": SGD()(1.0), "optimizer_D": SGD()(1.0), **parts}
    return kind(G, D, **parts)


def batch(seed=1, n=BATCH):
    return torch.rand(n, N_VAR, generator=torch.Generator().manual_seed(seed))


def copy_of(*nets):
    return [p.detach().clone() for net in nets for p in net.parameters()]


# Auxiliary terms


class Recorder:
    """Terms with known gradients: 3 * sum of D's weights for D, 2 * sum of the fakes for G."""

    def __init__(self):
        self.steps = []

    def discriminator(self, step):
        self.steps.append(("D", step))
        return 3 * step.D.weight.sum() + step.fake.sum()

    def generator(self, step):
        self.steps.append(("G", step))
        return 2 * step.fake.sum()


def test_auxiliary_terms_move_each_player_by_the_gradient_of_its_own_term():
    trainer = trainer_of(loss=Nothing(), auxiliaries=[Recorder()])
    G, D = copy_of(trainer.G), copy_of(trainer.D)
    value = trainer.d_step(batch())
    with torch.no_grad():
        fake = draw(BATCH) @ G[0].T + G[1]
    assert value.item() == pytest.approx((3 * D[0].sum() + fake.sum()).item(), rel=1e-6)
    torch.testing.assert_close(copy_of(trainer.D), [D[0] - 3, D[1]])
    torch.testing.assert_close(copy_of(trainer.G), G, rtol=0, atol=0)
    value = trainer.g_step(batch())
    assert value.item() == pytest.approx(2 * fake.sum().item(), rel=1e-6)
    by_weight = 2 * draw(BATCH).sum(dim=0).expand(N_VAR, N_LATENT)
    torch.testing.assert_close(copy_of(trainer.G), [G[0] - by_weight, G[1] - 2 * BATCH])
    torch.testing.assert_close(copy_of(trainer.D), [D[0] - 3, D[1]])


def test_auxiliaries_see_the_whole_step():
    recorder = Recorder()
    trainer = trainer_of(auxiliaries=[recorder])
    real = batch()
    trainer.d_step(real)
    trainer.g_step(real, loss=Minimax())
    (_, of_D), (_, of_G) = recorder.steps
    for step in (of_D, of_G):
        assert step.G is trainer.G and step.D is trainer.D and step.real is real and step.condition is None
        torch.testing.assert_close(step.latent, draw(BATCH), rtol=0, atol=0)
        assert step.fake.shape == real.shape and step.d_real.shape == step.d_fake.shape == (BATCH, 1)
    assert (of_D.loss, of_G.loss) == (NonSaturating(), Minimax())
    assert not of_D.fake.requires_grad and of_G.fake.requires_grad
    trainer.d_step(real, fake=batch(2))
    assert recorder.steps[-1][1].latent is None


def test_an_auxiliary_that_has_no_say_changes_nothing():
    class Silent:
        def discriminator(self, step):
            return None

        def generator(self, step):
            return None

    plain, with_silent = trainer_of(), trainer_of(auxiliaries=[Silent()])
    for trainer in (plain, with_silent):
        trainer.d_step(batch())
        trainer.g_step(batch())
    torch.testing.assert_close(copy_of(plain.G, plain.D), copy_of(with_silent.G, with_silent.D))


def test_feature_matching_trains_the_generator_towards_the_features_of_real_samples():
    D = Discriminator(mlp_trunk((N_VAR,), hidden=(8,)))
    trainer = trainer_of(D=D, loss=Nothing(), auxiliaries=[FeatureMatching()], optimizer_G=SGD()(0.05))
    first = trainer.g_step(batch()).item()
    assert [trainer.g_step(batch()).item() for _ in range(50)][-1] < 0.1 * first


# Constraints and controllers


def test_constraints_run_after_each_discriminator_step_and_only_then():
    seen = []
    trainer = trainer_of(constraints=[lambda D: seen.append(D.weight.detach().clone()), WeightClipping(0.02)])
    before = trainer.D.weight.detach().clone()
    trainer.d_step(batch())
    assert len(seen) == 1 and not torch.equal(seen[0], before)  # the step was made already
    assert trainer.D.weight.abs().max() <= 0.02 < seen[0].abs().max()
    trainer.g_step(batch())
    assert len(seen) == 1


class Counter(nn.Module):
    """A controlled loss that counts its updates."""

    def __init__(self):
        super().__init__()
        self.register_buffer("n", torch.tensor(0.0))
        self.register_buffer("table", torch.zeros(2))

    def discriminator(self, d_real, d_fake, *, real, fake):
        return NonSaturating().discriminator(d_real, d_fake, real=real, fake=fake)

    def generator(self, d_real, d_fake, *, real, fake):
        return NonSaturating().generator(d_real, d_fake, real=real, fake=fake)

    def update(self, step):
        assert step.d_real.shape == (BATCH, 1)
        self.n += 1


def test_controllers_are_updated_once_per_discriminator_step():
    trainer = trainer_of(loss=Counter())
    for n in (1, 2, 3):
        trainer.d_step(batch())
        assert trainer.controls()["n"].item() == n
    trainer.g_step(batch())
    controls = trainer.controls()
    assert controls.keys() == {"n"} and controls["n"].item() == 3
    trainer.d_step(batch())
    assert controls["n"].item() == 3  # a log keeps what it was given


def parts_with_state():
    D = Discriminator(mlp_trunk((N_VAR,), hidden=(8,)), bottleneck=4)
    bottleneck = VariationalBottleneck(0.01, step=0.5, beta=0.1)
    return trainer_of(D=D, auxiliaries=[bottleneck], regularizers=[Lazy(R1(), every=3)], optimizer_D=SGD()(0.1))


def test_states_of_parts_are_stored_and_restored():
    trainer = parts_with_state()
    torch.manual_seed(1)
    for k in range(4):
        trainer.d_step(batch(k))
    twin = parts_with_state()
    assert twin.controls() != trainer.controls()
    twin.load_state_dict(trainer.state_dict())
    assert twin.controls() == trainer.controls() and twin.controls()["beta"] != 0.1
    losses = []
    for one in (trainer, twin):
        torch.manual_seed(2)
        losses.append([one.d_step(batch(k)).item() for k in range(4)])
    assert losses[0] == losses[1]
    assert int(twin.regularizers[0].calls) == 8


def test_a_state_of_other_parts_is_refused():
    trainer, other = trainer_of(loss=BEGAN()), trainer_of()
    with pytest.raises(ValueError, match="shorter"):
        trainer.load_state_dict(other.state_dict())
    with_encoder = trainer_of(D=PairCritic(), encoder=nn.Linear(N_VAR, N_LATENT))
    without = {name: part for name, part in with_encoder.state_dict().items() if name != "encoder"}
    with pytest.raises(KeyError, match="encoder"):
        with_encoder.load_state_dict(without)


# Conditions


class LabelledG(nn.Linear):
    def forward(self, latent, condition):
        self.seen.append(condition)
        return super().forward(latent) + condition[:, None]


class LabelledD(nn.Linear):
    def forward(self, x, condition):
        self.seen.append((len(x), condition))
        return super().forward(x) + condition[:, None]


def test_conditions_reach_both_networks_and_the_regularizers():
    G, D = LabelledG(N_LATENT, N_VAR), LabelledD(N_VAR, 1)
    G.seen, D.seen = [], []
    trainer = trainer_of(G, D, regularizers=[R1(2.0)])
    labels = torch.arange(BATCH) % 3
    with torch.no_grad():
        fake = nn.Linear.forward(G, draw(BATCH)) + labels[:, None]
        d_real, d_fake = (nn.Linear.forward(D, x) + labels[:, None] for x in (batch(), fake))
    expected = nn.functional.softplus(-d_real).mean() + nn.functional.softplus(d_fake).mean()
    expected = expected + D.weight.detach().square().sum()  # R1 of a linear critic: gamma / 2 * ||w||^2
    assert trainer.d_step(batch(), condition=labels).item() == pytest.approx(expected.item(), rel=1e-6)
    assert len(D.seen) == 3 and all(condition is labels or torch.equal(condition, labels) for _, condition in D.seen)
    trainer.g_step(batch(), condition=labels)
    assert len(G.seen) == 2 and all(condition is labels for condition in G.seen)
    assert len(D.seen) == 4


def test_regularizers_may_look_at_fewer_samples_than_there_are_labels():
    G, D = LabelledG(N_LATENT, N_VAR), LabelledD(N_VAR, 1)
    G.seen, D.seen = [], []
    trainer = trainer_of(G, D, regularizers=[lambda D, real, fake: D(real[:2]).square().mean()])
    trainer.d_step(batch(), condition=torch.arange(BATCH))
    assert [n for n, _ in D.seen] == [BATCH, BATCH, 2]
    assert D.seen[-1][1].tolist() == [0, 1]


# Pairs


class PairCritic(nn.Module):
    """A linear critic of (x, z)."""

    def __init__(self):
        super().__init__()
        self.of_x, self.of_z = nn.Linear(N_VAR, 1), nn.Linear(N_LATENT, 1)
        self.seen = []

    def forward(self, pair):
        self.seen.append(pair)
        return self.of_x(pair[0]) + self.of_z(pair[1])


def test_an_encoder_makes_pairs_and_is_trained_with_the_generator():
    D, E = PairCritic(), nn.Linear(N_VAR, N_LATENT)
    trainer = trainer_of(D=D, encoder=E, loss=RolesSwapped(NonSaturating()), regularizers=[GradientPenalty(0.1)])
    real, G_before, E_before = batch(), copy_of(trainer.G), copy_of(E)
    with torch.no_grad():
        shown = {"real": (real, E(real)), "fake": (trainer.G(draw(BATCH)), draw(BATCH))}
    trainer.d_step(real)
    for pair, wanted in zip(D.seen[:2], shown.values(), strict=True):
        torch.testing.assert_close(pair, wanted)
        assert not pair[0].requires_grad and not pair[1].requires_grad
    torch.testing.assert_close(copy_of(trainer.G, E), G_before + E_before, rtol=0, atol=0)
    D.seen.clear()
    D_before = copy_of(D)
    trainer.g_step(real)
    assert [pair[0].requires_grad for pair in D.seen] == [False, True]
    # By hand: real pairs now count as fake, so E descends softplus(d), G softplus(-d).
    G_twin, E_twin = (nn.Linear(*size) for size in ((N_LATENT, N_VAR), (N_VAR, N_LATENT)))
    with torch.no_grad():
        for p, value in zip([*G_twin.parameters(), *E_twin.parameters()], G_before + E_before, strict=True):
            p.copy_(value)
    d_real, d_fake = D((real, E_twin(real))), D((G_twin(draw(BATCH)), draw(BATCH)))
    value = nn.functional.softplus(d_real).mean() + nn.functional.softplus(-d_fake).mean()
    grads = torch.autograd.grad(value, [*G_twin.parameters(), *E_twin.parameters()])
    expected = [before - grad for before, grad in zip(G_before + E_before, grads, strict=True)]
    torch.testing.assert_close(copy_of(trainer.G, E), expected)
    assert all(not torch.equal(a, b) for a, b in zip(copy_of(E), E_before, strict=True))
    torch.testing.assert_close(copy_of(D), D_before, rtol=0, atol=0)
    assert trainer.state_dict()["encoder"].keys() == {"weight", "bias"}


@pytest.mark.parametrize("batch_norm", [False, True])
def test_joint_pairs_show_both_orders_side_by_side(batch_norm):
    D = mlp([2 * N_VAR, 5, 1], batch_norm=batch_norm)
    trainer = trainer_of(D=D, loss=Relativistic(NonSaturating()), joint_pairs=True, regularizers=[R1(0.5)])
    shown = []
    D.register_forward_pre_hook(lambda net, args: shown.append(args[0].detach()))
    real = batch()
    with torch.no_grad():
        fake = trainer.G(draw(BATCH))
    orders = [torch.cat([real, fake], 1), torch.cat([fake, real], 1)]
    trainer.d_step(real)
    expected = [*orders, orders[0]] if batch_norm else [torch.cat(orders), orders[0]]  # the last is R1's
    torch.testing.assert_close(shown, expected)
    shown.clear()
    before = trainer.G.weight.detach().clone()
    trainer.g_step(real)
    torch.testing.assert_close(shown, orders)
    assert not torch.equal(trainer.G.weight, before)


# One pass or two


class Telling(nn.Module):
    """A critic that tells all there is to tell, a sample at a time."""

    def __init__(self, batch_dependent):
        super().__init__()
        self.trunk, self.logit, self.more = nn.Linear(N_VAR, 5), nn.Linear(5, 1), nn.Linear(5, 3)
        self.batch_dependent = batch_dependent
        self.sizes = []

    def forward(self, x):
        self.sizes.append(len(x))
        h = self.trunk(x).tanh()
        return Critic(self.logit(h), h, self.more(h), None, self.more(h).square().sum(dim=1))


class OfAllFields:
    def discriminator(self, step):
        return sum(
            weight * (c.features.sum() + c.classes.square().sum() + c.kl.mean())
            for weight, c in ((1.0, step.d_real), (-0.5, step.d_fake))
        )

    def generator(self, step):
        return step.d_fake.kl.sum() - step.d_real.kl.sum()


def test_critics_say_the_same_in_one_pass_and_in_two():
    outcomes = []
    for apart in (False, True):
        D = Telling(apart)
        trainer = trainer_of(D=D, auxiliaries=[OfAllFields()], optimizer_D=SGD()(0.01))
        torch.manual_seed(3)
        for p in D.parameters():
            nn.init.normal_(p)
        values = [trainer.d_step(batch()), trainer.d_step(batch(2)), trainer.g_step(batch(2))]
        outcomes.append([*values, *copy_of(trainer.G, D)])
        assert D.sizes == ([BATCH] * 6 if apart else [2 * BATCH, 2 * BATCH, BATCH, BATCH])
    torch.testing.assert_close(*outcomes)


@pytest.mark.parametrize("poor", [None, 3])
def test_layers_that_compare_samples_never_see_real_and_fake_in_one_batch(poor):
    sizes = []
    trunk = mlp_trunk((N_VAR,), hidden=(8,))
    layer = MinibatchDiscrimination(8, n_kernels=2)
    layer.register_forward_hook(lambda module, args, out: sizes.append(len(args[0])))
    trainer = trainer_of(D=Discriminator(trunk, minibatch=layer))
    trainer.d_step(batch(), poor=None if poor is None else batch(3, n=poor), fake=batch(2, n=4))
    assert sizes == [BATCH, 4] + ([] if poor is None else [poor])


# Numbers of 16 bits


def test_autocast_runs_the_networks_in_bfloat16_and_losses_in_float32():
    seen = []
    torch.manual_seed(0)
    exact = trainer_of(NETS.generator((N_VAR,)), Discriminator(NETS.trunk((N_VAR,))), regularizers=[R1(1.0)])
    torch.manual_seed(0)
    trainer = trainer_of(
        NETS.generator((N_VAR,)), Discriminator(NETS.trunk((N_VAR,))), regularizers=[R1(1.0)], autocast=torch.bfloat16
    )

    class Spy(NonSaturating):
        def discriminator(self, d_real, d_fake, *, real, fake):
            seen.extend(x.dtype for x in (d_real, d_fake, real, fake))
            return super().discriminator(d_real, d_fake, real=real, fake=fake)

    trainer.loss = Spy()
    outputs = []
    trainer.D.register_forward_hook(lambda net, args, out: outputs.append(out.logits.dtype))
    before = copy_of(trainer.G, trainer.D)
    for step in ("d_step", "g_step"):
        value, wanted = getattr(trainer, step)(batch()), getattr(exact, step)(batch())
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(wanted.item(), rel=0.02)
    assert set(seen) == {torch.float32}
    assert outputs == [torch.bfloat16, torch.float32, torch.bfloat16]  # the middle one is the penalty's
    after = copy_of(trainer.G, trainer.D)
    assert all(p.dtype == torch.float32 for p in after)
    assert all(not torch.equal(a, b) for a, b in zip(after, before, strict=True))
    torch.testing.assert_close(after, copy_of(exact.G, exact.D), rtol=0.05, atol=0.02)
