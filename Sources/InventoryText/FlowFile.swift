/// A file of an inventory with flows, and the networks and services that only they need.
package struct FlowFile: Hashable, Sendable {
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

  /// Prefixes of networks by name.
  package var networks: [String: [String]] = [:]
  /// Terms of services by name, as in `tcp/443`.
  package var services: [String: [String]] = [:]
  package var flows: [Flow] = []
  /// Lines at the top, without `#`.
  package var header: [String] = []

  package init() {}

  /// In the order of their names, the flows in their own.
  package var text: String {
    var lines = header.map { "# \($0)" } + ["version: 1"]
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
    for flow in flows {
      lines += flow.remarks.map { "  # \($0)" }
      lines.append("  \(InventoryName.yaml(flow.name)):")
      for (key, names) in [("from", flow.from), ("to", flow.to), ("service", flow.services)] {
        let words = names.map { InventoryName.yaml($0) }
        lines.append("    \(key): \(words.count == 1 ? words[0] : "[\(words.joined(separator: ", "))]")")
      }
      lines.append("    why: \(flow.why.isEmpty ? "\"\"" : flow.why)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
