"""Devices and products under the name that everything else knows; see `operations.inventory`."""

from compliance.operations.inventory.checking import CODE
from compliance.operations.inventory.devices import (
    AddDevice,
    add_device,
    find_device,
    list_devices,
)
from compliance.operations.inventory.products import AddProduct, add_product, list_products
from compliance.store.things import DeviceRow, ProductRow

__all__ = [
    "CODE",
    "AddDevice",
    "AddProduct",
    "DeviceRow",
    "ProductRow",
    "add_device",
    "add_product",
    "find_device",
    "list_devices",
    "list_products",
]
