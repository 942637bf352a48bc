"""The entrances for browsers: each module one blueprint; all of them are listed here."""

from flask import Blueprint

from portal.routes.account import bp as account
from portal.routes.accuracy import bp as accuracy
from portal.routes.api import bp as api
from portal.routes.calls import bp as calls
from portal.routes.check import bp as check
from portal.routes.days import bp as days
from portal.routes.delivery import bp as delivery
from portal.routes.dispatch import bp as dispatch
from portal.routes.hand_ins import bp as hand_ins
from portal.routes.health import bp as health
from portal.routes.hooks import bp as hooks
from portal.routes.incidents import bp as incidents
from portal.routes.informing import bp as informing
from portal.routes.labels import bp as labels
from portal.routes.manage import bp as manage
from portal.routes.marks import bp as marks
from portal.routes.matrix import bp as matrix
from portal.routes.messages import bp as messages
from portal.routes.money import bp as money
from portal.routes.orders import bp as orders
from portal.routes.phone import bp as phone
from portal.routes.photos import bp as photos
from portal.routes.rounds import bp as rounds
from portal.routes.sender_names import bp as sender_names
from portal.routes.shop import bp as shop
from portal.routes.shop_api import bp as shop_api
from portal.routes.shop_keys import bp as shop_keys
from portal.routes.shop_money import bp as shop_money
from portal.routes.shop_numbers import bp as shop_numbers
from portal.routes.shop_parcels import bp as shop_parcels
from portal.routes.station import bp as station
from portal.routes.statuses import bp as statuses
from portal.routes.stop import bp as stop
from portal.routes.tracking import bp as tracking
from portal.routes.webhooks import bp as webhooks

BLUEPRINTS: tuple[Blueprint, ...] = (
    *(
        account,
        accuracy,
        api,
        calls,
        check,
        days,
        delivery,
        dispatch,
        health,
        hooks,
        incidents,
        informing,
        labels,
        manage,
        marks,
        matrix,
        messages,
        hand_ins,
        money,
        orders,
        phone,
        photos,
        rounds,
        sender_names,
        shop,
        shop_api,
        shop_keys,
        shop_money,
        shop_numbers,
        shop_parcels,
        station,
        statuses,
        stop,
        tracking,
        webhooks,
    ),
)
