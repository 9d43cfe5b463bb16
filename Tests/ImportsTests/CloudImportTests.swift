import Addressing
import Imports
import InventoryText
import Policy
import Testing

/// Hosts of tools that tell them as JSON, in the shapes that those write.
@Suite struct CloudImportTests {
  private func ansible(_ text: String) throws -> ImportedHosts {
    try AnsibleInventory.hosts(Array(text.utf8), of: "list.json")
  }

  private func terraform(_ text: String) throws -> ImportedHosts {
    try TerraformState.hosts(Array(text.utf8), of: "state.json")
  }

  private func check(_ hosts: ImportedHosts, _ told: [String], _ remarks: [String]) throws {
    #expect(HostImportTests.told(hosts) == told)
    for words in remarks {
      #expect(hosts.remarks.contains { "\($0)".contains(words) }, "\(words): \(hosts.remarks)")
    }
    #expect(try HostImportTests.policy(hosts.part(header: []).text).hosts.count == told.count)
  }

  // MARK: Ansible

  /// `ansible-inventory --list` of ansible-core 2.14 to 2.19.
  private static let list = """
    {
        "_meta": {
            "hostvars": {
                "10.0.9.9": {"ansible_user": "root"},
                "DB_1.example.com": {
                    "ansible_host": "10.0.3.11",
                    "ansible_default_ipv6": {"address": "2001:db8:3::11", "gateway": "fe80::1"},
                    "password": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256"}
                },
                "edge": {"ansible_host": "edge.example.com", "ansible_default_ipv4": {"address": "10.0.1.1"}},
                "far": {"ansible_host": "far.example.com"},
                "localhost": {"ansible_connection": "local", "ansible_host": "127.0.0.1"},
                "web-1": {"ansible_ssh_host": "10.0.1.11", "private_ip_address": "10.0.1.11"}
            }, "profile": "inventory_legacy"
        },
        "all": {"children": ["ungrouped", "backend", "web"]},
        "backend": {"children": ["db_servers"], "hosts": ["10.0.9.9"]},
        "db_servers": {"hosts": ["DB_1.example.com"]},
        "ungrouped": {"hosts": ["edge", "far", "localhost", "bare"]},
        "web": {"hosts": ["web-1"], "vars": {"port": 80}}
    }
    """

  @Test func `an inventory of Ansible has hosts with the groups they are in`() throws {
    try check(
      ansible(Self.list),
      [
        "db_1.example.com 10.0.3.11 2001:db8:3::11 of backend db_servers by 10.0.3.11",
        "edge 10.0.1.1 by edge.example.com", "host-10.0.9.9 10.0.9.9 of backend",
        "web-1 10.0.1.11 of web by 10.0.1.11",
      ],
      [
        "list.json: DB_1.example.com: `DB_1.example.com` is named `db_1.example.com`",
        "list.json: 10.0.9.9: `10.0.9.9` is named `host-10.0.9.9`",
        "list.json: far: left out: `far` has no address", "list.json: bare: left out: `bare` has no address",
        "ansible_host is `far.example.com`, which is no address",
        "left out: 127.0.0.1 of `localhost` is a loopback address",
      ])
  }

  @Test func `groups that are in each other end`() throws {
    let text = """
      {"_meta": {"hostvars": {"a": {"ansible_host": "10.0.0.1"}}}, "x": {"children": ["y"], "hosts": ["a"]},
       "y": {"children": ["x"]}, "z": ["a"]}
      """
    try check(ansible(text), ["a 10.0.0.1 of x y z by 10.0.0.1"], [])
  }

  @Test(arguments: [
    ("{\"a\": {\"hosts\": [\"b\"]}\n  \"c\": 1}", "list.json:2:3: this is no JSON that is read"),
    ("[]", "list.json:1:1: this is no JSON"), ("{}", "list.json: there is no host"),
    (
      "{\"_meta\": {\"hostvars\": {\"A\": {\"ansible_host\": \"10.0.0.1\"}, \"a\": {\"ansible_host\": \"10.0.0.2\"}}}}",
      "as `A` at"
    ),
  ]) func `what is no inventory of Ansible is refused`(text: String, words: String) {
    let faults = HostImportTests.faults(text) { (bytes, _) throws(ImportFaults) in
      try AnsibleInventory.hosts(bytes, of: "list.json")
    }
    #expect(faults.contains { $0.contains(words) }, "\(faults)")
  }

  // MARK: Terraform

  private static func shown(_ resources: String, key: String = "values", modules: String = "[]") -> String {
    """
    {"format_version": "1.0", "terraform_version": "1.9.8", "\(key)": {"outputs": {}, "root_module":
      {"resources": [\(resources)], "child_modules": \(modules)}}}
    """
  }

  private static func resource(_ type: String, _ name: String, _ values: String) -> String {
    """
    {"address": "\(type).\(name)", "mode": "managed", "type": "\(type)", "name": "\(name)",
     "provider_name": "registry.terraform.io/x/y", "schema_version": 1, "values": \(values)}
    """
  }

  /// Instances of each cloud, and what they become.
  static let clouds: [(resources: [(String, String, String)], told: String, remark: String)] = [
    (
      [
        (
          "aws_instance", "web",
          """
          {"id": "i-0abc", "private_ip": "10.0.1.11", "public_ip": "198.51.100.7", "secondary_private_ips": ["10.0.1.12"],
           "ipv6_addresses": ["2001:db8:1::11"], "tags": {"Name": "Web 1", "Role": "web", "Note": "two words"},
           "tags_all": {"Name": "Web 1", "Role": "web", "Env": "prod", "Note": "two words", "aws:created": "x"}}
          """
        )
      ], "web-1 10.0.1.11 10.0.1.12 2001:db8:1::11 of env-prod role-web", "the tag `Note`"
    ),
    (
      [
        (
          "google_compute_instance", "db",
          """
          {"name": "db-1", "network_interface": [{"network_ip": "10.128.0.2", "access_config": [{"nat_ip": "198.51.100.8"}],
           "ipv6_access_config": []}], "tags": ["db", "allow-ssh"], "labels": {"env": "prod"}}
          """
        )
      ], "db-1 10.128.0.2 of allow-ssh db env-prod", ""
    ),
    (
      [
        (
          "azurerm_network_interface", "nic",
          """
          {"id": "/subscriptions/s/nic-1", "ip_configuration": [{"name": "internal", "private_ip_address": "10.1.0.4"}]}
          """
        ),
        (
          "azurerm_linux_virtual_machine", "vm",
          """
          {"name": "vm-1", "network_interface_ids": ["/subscriptions/s/nic-1"], "private_ip_address": "",
           "private_ip_addresses": [], "public_ip_address": "", "tags": {"tier": "app"}}
          """
        ),
      ], "vm-1 10.1.0.4 of tier-app", ""
    ),
    (
      [
        (
          "hcloud_server", "a",
          """
          {"id": "4711", "name": "node-1", "ipv4_address": "198.51.100.9", "ipv6_address": "2001:db8:9::1", "network": [],
           "labels": {"db": ""}}
          """
        ),
        ("hcloud_server_network", "a", "{\"server_id\": 4711, \"ip\": \"10.2.0.3\"}"),
      ], "node-1 10.2.0.3 of db", ""
    ),
    (
      [
        (
          "hcloud_server", "b",
          "{\"id\": \"1\", \"name\": \"node-2\", \"ipv4_address\": \"198.51.100.9\", \"ipv6_address\": \"2001:db8:9::1\", \"labels\": {}}"
        )
      ], "node-2 198.51.100.9 2001:db8:9::1",
      "hcloud_server.b: it has public addresses alone, and gets 198.51.100.9, 2001:db8:9::1"
    ),
    (
      [
        (
          "digitalocean_droplet", "d",
          """
          {"name": "drop-1", "ipv4_address": "198.51.100.10", "ipv4_address_private": "10.3.0.5", "ipv6_address": "",
           "tags": ["web"]}
          """
        )
      ], "drop-1 10.3.0.5 of web", ""
    ),
    (
      [
        (
          "openstack_compute_instance_v2", "o",
          """
          {"name": "os-1", "access_ip_v4": "10.4.0.6", "network": [{"fixed_ip_v4": "10.4.0.6",
           "fixed_ip_v6": "[2001:db8:4::6]", "name": "internal"}], "tags": ["db"], "metadata": {"site": "ams"}}
          """
        )
      ], "os-1 10.4.0.6 2001:db8:4::6 of db site-ams", ""
    ),
  ]

  @Test(arguments: clouds)
  func `an instance of a cloud is a host`(
    _ example: (resources: [(String, String, String)], told: String, remark: String)
  ) throws {
    let resources = example.resources.map { Self.resource($0.0, $0.1, $0.2) }.joined(separator: ",")
    for key in ["values", "planned_values"] {
      let hosts = try terraform(Self.shown(resources, key: key))
      try check(hosts, [example.told], example.remark.isEmpty ? [] : [example.remark])
      if example.remark.isEmpty { #expect(hosts.remarks.allSatisfy { $0.words.contains("is named") }) }
    }
  }

  @Test func `copies with one name are called as their resources, in modules too`() throws {
    func instance(_ address: String, _ last: Int) -> String {
      """
      {"address": "\(address)", "mode": "managed", "type": "aws_instance", "name": "web", "index": 0,
       "values": {"private_ip": "10.0.0.\(last)", "tags": {"Name": "web"}}}
      """
    }
    let text = Self.shown(
      "\(instance("aws_instance.web[0]", 1)), \(instance("aws_instance.web[1]", 2))",
      modules: """
        [{"address": "module.app", "resources": [\(instance("module.app.aws_instance.web[\\\"a.b\\\"]", 3))],
          "child_modules": [{"address": "module.app.module.x", "resources": []}]}]
        """)
    try check(
      terraform(text), ["app-web-a-b 10.0.0.3", "web-0 10.0.0.1", "web-1 10.0.0.2"],
      ["state.json: aws_instance.web[0]: `web` is the name of several"])
  }

  /// terraform.tfstate, version 4.
  @Test func `the file of a state is read as well`() throws {
    let text = """
      {"version": 4, "terraform_version": "1.9.8", "serial": 3, "lineage": "x", "outputs": {}, "resources": [
        {"mode": "data", "type": "aws_instance", "name": "other", "instances": [{"attributes": {"private_ip": "10.9.9.9"}}]},
        {"module": "module.app", "mode": "managed", "type": "aws_instance", "name": "web",
         "provider": "provider[\\"registry.terraform.io/hashicorp/aws\\"]", "instances": [
          {"index_key": 0, "schema_version": 1, "attributes": {"private_ip": "10.0.0.1", "tags": null}},
          {"index_key": "b", "schema_version": 1, "attributes": {"private_ip": "10.0.0.2", "tags": null}}]},
        {"mode": "managed", "type": "aws_db_instance", "name": "x", "instances": [{"attributes": {}}]},
        {"mode": "managed", "type": "aws_subnet", "name": "x", "instances": [{"attributes": {}}]}],
       "check_results": null}
      """
    let hosts = try terraform(text)
    try check(
      hosts, ["app-web-0 10.0.0.1", "app-web-b 10.0.0.2"],
      ["state.json: not read, of aws: 1 of aws_db_instance, 1 of aws_subnet"])
  }

  /// What `create_before_destroy` leaves where destroying failed: it stands beside the current one, under the same address.
  @Test func `what is replaced and not yet destroyed is left out`() throws {
    let remark = "aws_instance.web: left out: the deposed object `abcd1234`"
    func instance(_ last: Int, _ deposed: String = "") -> String {
      """
      {"address": "aws_instance.web", \(deposed)"mode": "managed", "type": "aws_instance", "name": "web",
       "values": {"private_ip": "10.0.0.\(last)", "tags": {"Name": "web"}}}
      """
    }
    let interface = """
      {"address": "hcloud_server_network.a", "deposed_key": "12345678", "mode": "managed", "type": "hcloud_server_network",
       "name": "a", "values": {"server_id": 7, "ip": "10.2.0.9"}}
      """
    let server = Self.resource(
      "hcloud_server", "s", "{\"id\": \"7\", \"name\": \"s\", \"ipv4_address\": \"198.51.100.9\"}")
    let shown = Self.shown(
      "\(instance(1)), \(instance(2, "\"deposed_key\": \"abcd1234\", ")), \(interface), \(server)")
    try check(terraform(shown), ["s 198.51.100.9", "web 10.0.0.1"], ["state.json: \(remark)"])

    let state = """
      {"version": 4, "resources": [{"mode": "managed", "type": "aws_instance", "name": "web", "instances": [
        {"deposed": "abcd1234", "attributes": {"private_ip": "10.0.0.2", "tags": {"Name": "old"}}},
        {"attributes": {"private_ip": "10.0.0.1", "tags": {"Name": "web"}}}]}]}
      """
    try check(terraform(state), ["web 10.0.0.1"], ["state.json: \(remark)"])
  }

  @Test func `what a plan does not know yet is left out`() throws {
    let resources = [
      Self.resource("aws_instance", "new", "{\"tags\": {\"Name\": \"new\"}}"),
      Self.resource(
        "google_compute_instance", "g",
        "{\"name\": \"g\", \"network_interface\": [{\"network_ip\": \"10.0.0.5\"}]}"),
    ]
    try check(
      terraform(Self.shown(resources.joined(separator: ","), key: "planned_values")), ["g 10.0.0.5"],
      ["aws_instance.new: no address of it is known", "aws_instance.new: left out: `new` has no address"])
  }

  @Test(arguments: [
    ("{\"format_version\": \"1.0\"}", "state.json: this is no state and no plan"),
    (
      "{\"values\": {\"root_module\": 7}}",
      "state.json:1:28: this is no JSON that is read: an object is missing"
    ),
    ("{\"values\": null}", "state.json: there is no host"),
    ("{\"values\": {\"root_module\": {}}}", "state.json: there is no host"),
  ]) func `what is no state is refused`(text: String, words: String) {
    let faults = HostImportTests.faults(text) { (bytes, _) throws(ImportFaults) in
      try TerraformState.hosts(bytes, of: "state.json")
    }
    #expect(faults.contains { $0.contains(words) }, "\(faults)")
  }
}
