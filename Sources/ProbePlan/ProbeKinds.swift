internal import Addressing
internal import Policy

/// Which ports, types and protocols are worth trying, whoever the ends are.
///
/// Rules differ at the edges of services' ranges and nowhere else, so that the edges, their neighbours, and one
/// port that no service has stand for all.
struct ProbeKinds {
  private let byFamily: [AddressFamily: [Kind]]

  struct Kind: Hashable, Comparable {
    let ipProtocol: IPProtocol
    /// Port or type; `nil`: neither.
    let number: UInt16?

    func connection(from source: Address, to destination: Address) -> Connection {
      let kind: Connection.Kind
      if let number {
        kind =
          ipProtocol.hasPorts
          ? .ports(source: ProbePorts.first, destination: number) : .type(UInt8(truncatingIfNeeded: number))
      } else {
        kind = .plain
      }
      return Connection(from: source, to: destination, ipProtocol, kind)
    }

    static func < (a: Self, b: Self) -> Bool {
      (a.ipProtocol, a.number ?? 0) < (b.ipProtocol, b.number ?? 0)
    }
  }

  init(_ policy: Policy) {
    var kinds: Set<Kind> = []
    var ports: [IPProtocol: PortSet] = [.tcp: PortSet(), .udp: PortSet()]
    for term in policy.services.flatMap(\.terms) {
      kinds.formUnion(Self.edges(of: term))
      if case .ports(let own) = term.match {
        ports[term.ipProtocol] = ports[term.ipProtocol, default: PortSet()].union(own)
      }
    }
    for (ipProtocol, used) in ports {
      if let closed = (1...UInt16.max).first(where: { !used.contains($0) }) {
        kinds.insert(Kind(ipProtocol: ipProtocol, number: closed))
      }
    }
    kinds.formUnion([
      Kind(ipProtocol: .icmp, number: 8), Kind(ipProtocol: .icmp, number: 13),
      Kind(ipProtocol: .icmpv6, number: 128),
    ])
    byFamily = Dictionary(
      uniqueKeysWithValues: AddressFamily.allCases.map { family in
        (family, kinds.filter { $0.ipProtocol != (family == .ipv4 ? .icmpv6 : .icmp) }.sorted())
      })
  }

  subscript(family: AddressFamily) -> [Kind] { byFamily[family] ?? [] }

  /// The edges of a term and what is right beside them.
  static func edges(of term: ServiceTerm) -> [Kind] {
    inner(of: term)
      + (term.portRanges.flatMap { range in
        [Int(range.lowerBound) - 1, Int(range.upperBound) + 1].filter { (1...Int(UInt16.max)).contains($0) }
      }).map { Kind(ipProtocol: term.ipProtocol, number: UInt16($0)) }
  }

  /// The edges of a term.
  static func inner(of term: ServiceTerm) -> [Kind] {
    switch term.match {
    case .ports:
      term.portRanges.flatMap { Set([$0.lowerBound, $0.upperBound]).sorted() }.map {
        Kind(ipProtocol: term.ipProtocol, number: $0)
      }
    case .types(let types):
      requests(term.ipProtocol).filter { types.contains($0) }.map {
        Kind(ipProtocol: term.ipProtocol, number: UInt16($0))
      }
    case .any where term.ipProtocol.hasPorts: [Kind(ipProtocol: term.ipProtocol, number: 1)]
    case .any where term.ipProtocol == .icmp || term.ipProtocol == .icmpv6:
      requests(term.ipProtocol).map { Kind(ipProtocol: term.ipProtocol, number: UInt16($0)) }
    case .any: [Kind(ipProtocol: term.ipProtocol, number: nil)]
    }
  }

  /// Messages that begin something and that Linux answers: echo and timestamp (`icmp_pointers`, icmp.c), echo of
  /// ICMPv6. What else comes unasked for belongs to no connection, and is dropped for that.
  private static func requests(_ ipProtocol: IPProtocol) -> [UInt8] {
    ipProtocol == .icmp ? [8, 13] : [128]
  }
}

extension ServiceTerm {
  fileprivate var portRanges: [ClosedRange<UInt16>] {
    if case .ports(let ports) = match { ports.ranges.map { $0 } } else { [] }
  }
}
