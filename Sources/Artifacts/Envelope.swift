internal import JSONStrings
package import Policy

/// `HOST.json`: the objects of a ruleset in the schema of libnftables-json(5), which `nft -j -f` loads,
/// and beside them, under the key `sekisho`, what people and programs want to know of the flows.
///
/// Places in files are not in it: a line added at the top of a file must not change every artifact.
package struct Envelope: Sendable {
  /// Version of what stands under the key `sekisho`.
  package static let formatVersion = 1

  /// What is said of each flow, made once however many hosts have it.
  private let flows: [[UInt8]]

  package init(_ policy: Policy) { flows = policy.flows.map { Self.text($0, of: policy) } }

  /// The file of one host policy.
  ///
  /// - Parameter commands: what the policy was compiled to, as ``Nftables/Table/jsonCommands()``.
  package func encode(_ host: HostPolicy, nftables commands: [UInt8]) -> [UInt8] {
    let flows = Set(host.allowances.map(\.flow)).sorted().map { self.flows[$0.index] }
    var out: [UInt8] = []
    out.reserveCapacity(commands.count + flows.reduce(256) { $0 + $1.count + 2 })
    out += Array("{\"sekisho\": {\"format_version\": \(Self.formatVersion), ".utf8)
    out += "\"mode\": ".utf8
    JSONText.append(host.modes, to: &out)
    out += ", \"deny\": \"\(host.deny.rawValue)\", \"flows\": {".utf8
    var isFirst = true
    for flow in flows {
      out += Array(isFirst ? "\n".utf8 : ",\n".utf8)
      isFirst = false
      out += flow
    }
    out += Array("\n}},\n\"nftables\": ".utf8)
    out += commands
    out += Array("}\n".utf8)
    return out
  }

  private static func text(_ flow: Flow, of policy: Policy) -> [UInt8] {
    var out: [UInt8] = []
    func member(_ key: String, _ value: String, isFirst: Bool = false) {
      out += Array("\(isFirst ? "" : ", ")\"\(key)\": ".utf8)
      out.append(jsonString: value)
    }
    out.append(jsonString: flow.name)
    out += Array(": {".utf8)
    member("from", policy[flow.written.from].name, isFirst: true)
    member("to", policy[flow.written.to].name)
    if !flow.per.isEmpty {
      out += Array(", \"per\": [\(flow.per.map(\.jsonString).joined(separator: ", "))]".utf8)
    }
    let services = flow.services.map { policy[$0].name.jsonString }
    out += Array(", \"services\": [\(services.joined(separator: ", "))]".utf8)
    member("why", flow.why)
    if let owner = flow.owner { member("owner", owner) }
    if let ticket = flow.ticket { member("ticket", ticket) }
    if let until = flow.until { out += Array(", \"until\": \(until.seconds)".utf8) }
    out.append(UInt8(ascii: "}"))
    return out
  }
}
