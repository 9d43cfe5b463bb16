package import Addressing
internal import AgentProtocol
package import ConnectionDiff
internal import HostAgent
package import Nftables
package import Policy

/// A ruleset, and what is known of whose it is.
package struct ReadRuleset {
  package let name: String
  /// The host's addresses; `nil`: not known.
  package let own: [Address]?
  /// Whose names are told.
  package let names: Policy?
  package let tables: Result<[Table], any Error>
  /// What there is to say of them.
  package let remarks: [String]

  package var isFailure: Bool { if case .failure = tables { true } else { false } }

  /// A file in the JSON of nft.
  ///
  /// - Parameters:
  ///   - own: addresses of the host that it is of; `nil`: not known.
  ///   - names: the inventory whose names are told.
  /// - Throws: ``RulesetFileError``.
  package init(file: String, own: [Address]?, names: Policy?) throws {
    let listing = try RulesetFile.listing(file)
    self.init(
      name: file, own: own, names: names, tables: .success(listing.tables), remarks: listing.remarks)
  }

  private init(
    name: String, own: [Address]?, names: Policy?, tables: Result<[Table], any Error>,
    remarks: [String] = []
  ) {
    self.name = name
    self.own = own
    self.names = names
    self.tables = tables
    self.remarks = remarks
  }

  /// The ruleset of this machine, whichever host it is.
  package static func ofThisMachine() throws -> Self {
    let agent = try ThisMachine.agent()
    let tables = Result<[Table], any Error> { try agent.answer(Read()).tables }
    // A machine without addresses, such as a namespace that was just made, is asked about any.
    let own = Set(ThisMachine.ownAddresses).union(ThisMachine.kept.own.singles).sorted()
    return Self(name: "this machine", own: own.isEmpty ? nil : own, names: nil, tables: tables)
  }

  /// The rulesets of hosts.
  package static func of(_ targets: Targets, watch: (any HostWatch)? = nil) async -> [Self] {
    let answers = await asking(targets.hosts, watch) { target in
      try await target.ask([Read.self]) { agent in try await agent.ask(Read()).tables }
    }
    return zip(targets.hosts, answers).map { target, tables in
      Self(
        name: target.name, own: target.identity.addresses, names: targets.inventory?.policy, tables: tables)
    }
  }

  /// What passes, direction by direction; where it is too intricate, why.
  package func allowed(_ links: AllowedConnections.Links) throws -> [(
    Direction, Result<AllowedConnections, any Error>
  )] {
    let tables = try tables.get()
    return Direction.allCases.map { direction in
      (
        direction,
        Result {
          try AllowedConnections(tables, direction, own: own, names: names, links: links, at: .current())
        }
      )
    }
  }
}

extension AddressSet {
  /// Addresses that stand alone.
  fileprivate var singles: [Address] {
    AddressFamily.allCases.flatMap { family in
      ranges(family).filter { $0.lowerBound == $0.upperBound }.map { Address(family, $0.lowerBound) }
    }
  }
}
