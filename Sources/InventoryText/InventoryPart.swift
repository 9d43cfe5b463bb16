package import Addressing

/// A file of an inventory: hosts, or flows with the networks and services that only they need.
package struct InventoryPart: Hashable, Sendable {
  /// A host; its zone and groups are names.
  package struct Host: Hashable, Sendable {
    package let name: String
    /// One at least.
    package let addresses: [Address]
    package var zone: String?
    package var groups: [String] = []
    /// What ssh is told to connect to.
    package var ssh: String?
    /// Whether nothing may pass through it; else that is left alone.
    package var deniesForwarding = false
    /// Whether it has no rules for what comes in, or goes out.
    package var leavesIngress = false
    package var leavesEgress = false
    /// Any text in which nothing is invisible.
    package var description: String?

    package init(name: String, addresses: [Address]) {
      (self.name, self.addresses) = (name, addresses)
    }
  }

  /// A flow; its ends and services are names, of which it has one at least.
  package struct Flow: Hashable, Sendable {
    package let name: String
    package let from: [String]
    package let to: [String]
    package let services: [String]
    /// Empty: whoever reads it must write one, or the inventory is refused.
    package let why: String
    /// Lines above it, without `#`.
    package let remarks: [String]

    package init(
      name: String, from: [String], to: [String], services: [String], why: String, remarks: [String] = []
    ) {
      (self.name, self.from, self.to, self.services) = (name, from, to, services)
      (self.why, self.remarks) = (why, remarks)
    }
  }

  /// Names of zones.
  package var zones: Set<String> = []
  package var hosts: [Host] = []
  /// Prefixes and ranges of networks by name.
  package var networks: [String: [String]] = [:]
  /// Terms of services by name, as in `tcp/443`.
  package var services: [String: [String]] = [:]
  package var flows: [Flow] = []
  /// Lines at the top, without `#`.
  package var header: [String] = []

  package init() {}

  /// In the order of their names, hosts and flows in their own.
  package var text: String {
    var lines = header.map { "# \($0)" } + ["version: 1"]
    if !zones.isEmpty { lines.append("zones:") }
    lines += zones.sorted().map { "  \(InventoryName.yaml($0)): {}" }
    if !hosts.isEmpty { lines.append("hosts:") }
    lines += hosts.map { "  \(InventoryName.yaml($0.name)): {\($0.values)}" }
    if !networks.isEmpty { lines.append("networks:") }
    for (name, prefixes) in networks.sorted(by: { $0.key < $1.key }) {
      // A prefix of IPv6 in a flow sequence is no text for every reader of YAML without quotes.
      let list = prefixes.map { "\"\($0)\"" }.joined(separator: ", ")
      lines.append("  \(InventoryName.yaml(name)): {prefixes: [\(list)]}")
    }
    if !services.isEmpty { lines.append("services:") }
    for (name, terms) in services.sorted(by: { $0.key < $1.key }) {
      let value = terms.count == 1 ? terms[0] : "[\(terms.joined(separator: ", "))]"
      lines.append("  \(InventoryName.yaml(name)): \(value)")
    }
    if !flows.isEmpty { lines.append("flows:") }
    var text = lines.joined(separator: "\n") + "\n"
    // Of a hundred thousand flows, lines of their own would cost more than all else.
    for flow in flows { flow.write(to: &text) }
    return text
  }
}

extension InventoryPart.Flow {
  fileprivate func write(to text: inout String) {
    for remark in remarks { text += "  # \(remark)\n" }
    text += "  \(InventoryName.yaml(name)):\n"
    Self.write("from", from, to: &text)
    Self.write("to", to, to: &text)
    Self.write("service", services, to: &text)
    text += "    why: \(why.isEmpty ? "\"\"" : why)\n"
  }

  private static func write(_ key: String, _ names: [String], to text: inout String) {
    text += "    \(key): "
    if names.count == 1 {
      text += InventoryName.yaml(names[0])
    } else {
      text += "["
      for (index, name) in names.enumerated() {
        if index > 0 { text += ", " }
        text += InventoryName.yaml(name)
      }
      text += "]"
    }
    text += "\n"
  }
}

extension InventoryPart.Host {
  /// What stands within the brackets.
  fileprivate var values: String {
    var values = ["addresses: \(Self.list(addresses.map { "\"\($0)\"" }))"]
    if let zone { values.append("zone: \(InventoryName.yaml(zone))") }
    if !groups.isEmpty { values.append("groups: \(Self.list(groups.map(InventoryName.yaml)))") }
    if let ssh { values.append("ssh: \(InventoryName.quoted(ssh))") }
    let left = [leavesIngress ? "ingress: leave" : nil, leavesEgress ? "egress: leave" : nil].compactMap {
      $0
    }
    if !left.isEmpty { values.append("mode: {\(left.joined(separator: ", "))}") }
    if deniesForwarding { values.append("forwarding: deny") }
    if let description { values.append("description: \(InventoryName.quoted(description))") }
    return values.joined(separator: ", ")
  }

  private static func list(_ words: [String]) -> String { "[\(words.joined(separator: ", "))]" }
}
