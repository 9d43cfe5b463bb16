package import Addressing

/// Who is there, and what can be asked there?
package struct Hello: AgentRequest, Codable {
  package static let name = "hello"
  package typealias Reply = Greeting

  package init() {}
}

/// The other end of a connection to an agent.
package struct Greeting: AgentMessage, Hashable {
  /// ``ProtocolVersion/number`` of the agent.
  package let number: Int
  /// Names of the requests that it can do.
  package let requests: Set<String>
  /// Version of the tool.
  package let version: String
  /// The host's own idea of its name, as in `uname -n`.
  package let node: String
  /// Release of the running kernel.
  package let kernel: String
  /// The addresses of all its interfaces: by them a host is known.
  package let addresses: [Address]
  /// Those of them that are on the bridges of container engines: whatever speaks from there is behind the host.
  package let bridged: [Address]
  /// Of how many people the host asks signatures for a change; `nil`: of none.
  package let approvals: Int?

  package init(
    number: Int = ProtocolVersion.number, requests: Set<String>, version: String, node: String,
    kernel: String, addresses: [Address], bridged: [Address] = [], approvals: Int? = nil
  ) {
    self.approvals = approvals
    self.number = number
    self.requests = requests
    self.version = version
    self.node = node
    self.kernel = kernel
    self.addresses = addresses
    self.bridged = bridged
  }

  /// Refuses to go on with an agent that cannot do what will be asked.
  ///
  /// - Parameters:
  ///   - needs: the requests that will be sent.
  ///   - version: of the tool at this end.
  /// - Throws: ``AgentFailure`` `.otherVersion`, which names both versions and which end to upgrade.
  package func require(_ needs: [any AgentRequest.Type], version own: String) throws(AgentFailure) {
    let versions = "sekisho \(version) there, \(own) here"
    if number != ProtocolVersion.number {
      throw AgentFailure(
        .otherVersion,
        "the agent speaks protocol \(number), and \(ProtocolVersion.number) is spoken here (\(versions)); "
          + "nothing was asked",
        remedy: number < ProtocolVersion.number ? Self.upgradeThere : "upgrade sekisho on this machine")
    }
    let missing = needs.map { $0.name }.filter { !requests.contains($0) }
    if missing.isEmpty { return }
    throw AgentFailure(
      .otherVersion,
      "the agent cannot do what is needed: \(missing.joined(separator: ", ")) (\(versions)); nothing was asked",
      remedy: Self.upgradeThere)
  }

  private static let upgradeThere = "upgrade sekisho on the host"
}

extension Greeting: Codable {
  private enum Key: String, CodingKey {
    case number = "protocol"
    case requests, version, node, kernel, addresses, bridged, approvals
  }

  /// An agent of before there was a number says none: it is 1.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    number = try fields.decodeIfPresent(Int.self, forKey: .number) ?? 1
    requests =
      Set(
        try fields.decodeIfPresent(BoundedList<BoundedWord>.self, forKey: .requests)?
          .wrappedValue.map(\.wrappedValue) ?? [])
    version = try fields.decode(BoundedWord.self, forKey: .version).wrappedValue
    node = try fields.decode(BoundedWord.self, forKey: .node).wrappedValue
    kernel = try fields.decode(BoundedWord.self, forKey: .kernel).wrappedValue
    addresses = try fields.decode(BoundedList<Address>.self, forKey: .addresses).wrappedValue
    bridged = try fields.decodeIfPresent(BoundedList<Address>.self, forKey: .bridged)?.wrappedValue ?? []
    approvals = try fields.decodeIfPresent(Int.self, forKey: .approvals)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(number, forKey: .number)
    try fields.encode(requests.sorted(), forKey: .requests)
    try fields.encode(version, forKey: .version)
    try fields.encode(node, forKey: .node)
    try fields.encode(kernel, forKey: .kernel)
    try fields.encode(addresses, forKey: .addresses)
    try fields.encode(bridged, forKey: .bridged)
    try fields.encodeIfPresent(approvals, forKey: .approvals)
  }
}
