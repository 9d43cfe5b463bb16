"""Hosts, groups and zones of an inventory of Sekisho, for Ansible."""

import json
import os
import subprocess
import tempfile

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

DOCUMENTATION = r"""
name: hosts
short_description: Hosts of an inventory of Sekisho
description:
  - Every host of the inventory, in its groups and its zone. Letters that Ansible does not take in the name of a group become C(_).
  - The inventory is compiled, so that one with mistakes, or whose guards do not hold, has no hosts.
  - The file that says so is called C(sekisho.yml) or ends with C(.sekisho.yml).
options:
  plugin:
    description: C(sekisho.firewall.hosts).
    required: true
    choices: [sekisho.firewall.hosts]
  inventory:
    description: Directory or file of the inventory, from where the file that names it is.
    type: path
    default: inventory
  program:
    description: What is run on this machine.
    type: str
    default: sekisho
  connect:
    description:
      - C(ssh) connects to what the inventory says after C(ssh), or to the name of the host; C(address) to its first address.
    choices: [ssh, address]
    default: ssh
"""

EXAMPLES = r"""
plugin: sekisho.firewall.hosts
inventory: inventory
"""


class InventoryModule(BaseInventoryPlugin):
    NAME = "sekisho.firewall.hosts"

    def verify_file(self, path):
        name = os.path.basename(path)
        return super().verify_file(path) and (
            name in ("sekisho.yml", "sekisho.yaml") or name.endswith((".sekisho.yml", ".sekisho.yaml"))
        )

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        where = os.path.join(os.path.dirname(os.path.abspath(path)), self.get_option("inventory"))
        for name, host in sorted(self.hosts(where).items()):
            self.add(name, host)

    def hosts(self, where):
        """What a compile says of the hosts of an inventory, by name."""
        with tempfile.TemporaryDirectory(prefix="sekisho.") as directory:
            command = [self.get_option("program"), "compile", "--quiet", "--inventory", where]
            try:
                told = subprocess.run(command + ["--out", directory], capture_output=True, text=True, check=False)
            except OSError as failure:
                raise AnsibleParserError(f"cannot run {command[0]}: {failure}") from failure
            if told.returncode != 0:
                raise AnsibleParserError(f"{where} does not compile:\n{told.stderr}")
            with open(os.path.join(directory, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
        if manifest.get("format_version") != 1:
            raise AnsibleParserError(f"{command[0]} is of another version than this plugin")
        return manifest["hosts"]

    def add(self, name, host):
        self.inventory.add_host(name)
        for group in host.get("groups", []) + ([host["zone"]] if "zone" in host else []):
            self.inventory.add_host(name, group=self.inventory.add_group(self._sanitize_group_name(group)))
        self.inventory.set_variable(name, "sekisho_host", name)
        self.inventory.set_variable(name, "sekisho_addresses", host["addresses"])
        user, _, destination = host["ssh"].rpartition("@")
        if user:
            self.inventory.set_variable(name, "ansible_user", user)
        if self.get_option("connect") == "address" and host["addresses"]:
            destination = host["addresses"][0]
        if destination != name:
            self.inventory.set_variable(name, "ansible_host", destination)
