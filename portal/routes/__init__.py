"""The entrances for browsers: each module one blueprint; all of them are listed here."""

from flask import Blueprint

from portal.routes.account import bp as account
from portal.routes.api import bp as api
from portal.routes.calls import bp as calls
from portal.routes.days import bp as days
from portal.routes.delivery import bp as delivery
from portal.routes.health import bp as health
from portal.routes.hooks import bp as hooks
from portal.routes.manage import bp as manage
from portal.routes.matrix import bp as matrix
from portal.routes.orders import bp as orders
from portal.routes.phone import bp as phone
from portal.routes.rounds import bp as rounds
from portal.routes.shop import bp as shop
from portal.routes.tracking import bp as tracking
from portal.routes.webhooks import bp as webhooks

BLUEPRINTS: tuple[Blueprint, ...] = (
    *(
        account,
        api,
        calls,
        days,
        delivery,
        health,
        hooks,
        manage,
        matrix,
        orders,
        phone,
        rounds,
        shop,
        tracking,
        webhooks,
    ),
)
