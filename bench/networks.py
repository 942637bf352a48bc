"""Networks that made-up histories come from: each behaves in one known way."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Network:
    """How a network behaves. `level` is what multiplies every lane's days, at equal distances over the history, and
    `volume` likewise how busy it is; what is rare is so at level 1 and grows with the power `rare_grows` of the level.
    """

    name: str
    rows: int = 9_800
    days: int = 730
    settlements: int = 60
    level: tuple[float, ...] = (1.0, 1.0)
    wobble: float = 0.04
    weather: float = 0.0
    median: float = 5.0
    spread: float = 0.38
    rare: float = 0.012
    rare_days: float = 7.0
    rare_grows: float = 0.0
    volume: tuple[float, ...] = (1.0, 1.0)
    regions: float = 0.18
    far_share: float = 0.0
    crowd: float = 1.0
    strike: tuple[int, int] = (0, 0)
    strike_slows: float = 2.0
    carrier: float = 0.957
    blur: float = 0.2
    lost: float = 0.002
    seed: int = 7


#: A marketplace from its beginning, by half months: slow at its feast of sales and in the second winter, then, after a
#: short strike, a third faster than before. Fitted to what was measured on a real one (docs/decisions/0011).
REAL = Network(
    "real-like",
    days=697,
    level=(
        *(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.07, 1.07, 1.11, 1.11, 1.09, 1.11, 1.28, 1.25, 0.98, 0.97, 1.0, 1.0, 0.98),
        *(0.98, 0.92, 0.92, 1.0, 1.0, 1.0, 1.02, 1.17, 1.44, 1.39, 1.28, 1.22, 1.28, 1.48, 1.52, 1.44, 1.33, 1.0),
        *(0.95, 0.93, 0.93, 0.78, 0.74, 0.72, 0.7, 0.62, 0.58),
    ),
    volume=(
        *(2, 2, 0, 0, 0, 0, 4, 5, 8, 9, 13, 14, 12, 13, 18, 20, 16, 17, 20, 21, 22, 22, 22, 22, 24, 23, 26, 50, 36, 21),
        *(36, 37, 34, 33, 36, 37, 35, 35, 36, 29, 33, 32, 30, 32, 35, 30),
    ),
    wobble=0.05,
    weather=0.08,
    median=5.0,
    spread=0.5,
    regions=0.4,
    rare=0.025,
    rare_days=6.0,
    rare_grows=4.0,
    strike=(595, 606),
    strike_slows=1.3,
    blur=0.45,
    lost=0.0,
)
NETWORKS = {
    net.name: net
    for net in (
        REAL,
        replace(REAL, name="stormy", wobble=0.12, weather=0.16, strike_slows=2.0),
        replace(REAL, name="slowing", level=REAL.level[::-1]),
        replace(REAL, name="young", rows=2_500, settlements=300),
        Network("stable"),
        Network("faster", level=(1.0, 1.0, 0.7, 0.7)),
        Network("slower", level=(1.0, 1.0, 1.35, 1.35)),
        Network("sparse", rows=3_000, settlements=1_500, crowd=0.6),
        Network("outliers", far_share=0.1, crowd=0.5),
        Network("strike", strike=(600, 630)),
        Network("small", rows=1_200),
    )
}
