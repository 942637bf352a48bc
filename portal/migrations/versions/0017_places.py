"""every city is known, and big cities have couriers

Settlements get their coordinates and say whether they are cities, lanes whether they are estimates; `flask prepare`
fills both. The first table of the product said of 102 big cities that no courier goes there: its lanes, and those that
a carrier's terms were laid over, are put right; a manager's own table stays as it is.

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-29 04:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

CHELYABINSK, SHIPPED = 259, "days_from_chelyabinsk.csv"
# fmt: off
BIG_CITIES = (
    7, 44, 45, 53, 57, 62, 65, 93, 94, 111, 132, 137, 139, 141, 142, 146,
    149, 150, 151, 152, 159, 164, 165, 169, 220, 224, 230, 231, 245, 248, 250, 252,
    253, 254, 255, 256, 257, 259, 261, 265, 268, 269, 270, 272, 273, 274, 275, 278,
    280, 281, 283, 285, 286, 287, 288, 298, 314, 320, 337, 393, 395, 404, 414, 415,
    419, 422, 424, 426, 428, 430, 431, 432, 433, 435, 436, 437, 438, 439, 450, 473,
    501, 504, 506, 521, 564, 625, 629, 681, 685, 697, 699, 822, 823, 871, 903, 920,
    955, 981, 986, 1069, 1081, 2350,
)
# fmt: on
OURS = (
    "SELECT m.id FROM matrices m LEFT JOIN matrix_uploads u ON u.id = m.upload_id"
    " WHERE m.carrier = 'cdek' AND m.origin_id = :origin"
    " AND (u.id IS NULL OR (u.name = :name AND u.made_by = 'terminal'))"
)
CITIES = sa.bindparam("cities", BIG_CITIES, expanding=True)
MARKED = sa.text(
    f"UPDATE matrices SET digest = 'couriers of ' || id WHERE id IN ({OURS}) AND id IN"
    " (SELECT matrix_id FROM lanes WHERE NOT has_courier AND settlement_id IN :cities)"
).bindparams(CITIES)
GIVEN = sa.text(
    f"UPDATE lanes SET has_courier = true WHERE matrix_id IN ({OURS}) AND settlement_id IN :cities AND NOT has_courier"
).bindparams(CITIES)


def upgrade():
    with op.batch_alter_table('settlements', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lat', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('lon', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('is_city', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('lanes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_estimate', sa.Boolean(), server_default=sa.false(), nullable=False))
    told = {"origin": CHELYABINSK, "name": SHIPPED}
    op.get_bind().execute(MARKED, told)
    op.get_bind().execute(GIVEN, told)


def downgrade():
    """What the cities had before is not remembered: their couriers stay."""
    op.execute("DELETE FROM lanes WHERE is_estimate")
    with op.batch_alter_table('lanes', schema=None) as batch_op:
        batch_op.drop_column('is_estimate')
    with op.batch_alter_table('settlements', schema=None) as batch_op:
        batch_op.drop_column('is_city')
        batch_op.drop_column('lon')
        batch_op.drop_column('lat')
