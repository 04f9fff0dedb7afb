"""Stand-ins for modules that old releases of Nova import and newer libraries no longer have.

Import it before nova. The package `nova` of the release is found through PYTHONPATH.
"""
import logging
import sys
import types
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)

packages = types.ModuleType('pkg_resources')
packages.declare_namespace = lambda name: None
packages.parse_version = lambda text: tuple(text.split('.'))
sys.modules.setdefault('pkg_resources', packages)
sys.modules.setdefault('netifaces', types.ModuleType('netifaces'))

from oslo_utils import secretutils  # noqa: E402

if not hasattr(secretutils, 'md5'):
    import hashlib
    secretutils.md5 = hashlib.md5
