internal import Addressing
internal import Policy

/// The connections that a question is about; one that is asked alone and one of a batch are about the same.
struct AskedConnections {
  struct One {
    let connection: Connection
    /// The host that sends it, where it does so from a virtual address; `nil`: whoever has the source.
    let sender: HostID?
    /// Whether it goes to a loopback address: to such a one a host talks to itself (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). As
    /// a source it may be forged.
    let staysInside: Bool
  }

  /// Empty where the ends have no address family in common in which the service is.
  private(set) var all: [One] = []

  /// - Parameter owner: the host whose own an address is.
  /// - Throws: ``ValidationError`` where they are too many.
  init(
    from source: Endpoint, to destination: Endpoint, _ terms: [ServiceTerm], owner: (Address) -> HostID?
  ) throws {
    func pairs(from source: Endpoint) throws -> [(from: Address, to: Address)] {
      Array(try Endpoint.pairs(source, destination, owner: owner).joined())
    }
    var ways = try pairs(from: source).map { (pair: $0, sender: HostID?.none) }
    // A host that may carry a virtual address asks from that one as well.
    if source.name != destination.name, let carrying = source.carrying {
      ways += try pairs(from: carrying).filter { $0.from != $0.to }.map { ($0, source.host) }
    }
    for term in terms {
      for (pair, sender) in ways {
        for connection in term.connections(from: pair.from, to: pair.to) {
          let staysInside =
            !destination.isNetwork && Self.isLoopback(pair.to) && (sender ?? owner(pair.from)) != nil
          all.append(One(connection: connection, sender: sender, staysInside: staysInside))
        }
      }
    }
    // A host's own loopback is there whichever addresses it has else.
    if all.isEmpty, source.host != nil, !destination.isNetwork {
      for address in destination.parts.joined() where Self.isLoopback(address) {
        for connection in terms.flatMap({ $0.connections(from: address, to: address) }) {
          all.append(One(connection: connection, sender: nil, staysInside: true))
        }
      }
    }
  }

  private static func isLoopback(_ address: Address) -> Bool {
    Prefix.ipv4Loopback.contains(address) || Prefix.ipv6Loopback.contains(address)
  }
}
