package import Addressing
package import ConnectionSpace
package import Diagnostics

/// One end of some connections, as a person calls it.
package struct LineEnd: Hashable, Sendable {
  /// A name of the inventory, or the few names that make it up.
  package let name: String
  /// The managed hosts of it, sorted.
  package let hosts: [String]
  /// The addresses that no managed host has; empty for hosts alone.
  package let outside: AddressSet
  /// What those are called; empty where they are on the hosts' own links: link-local addresses, groups of one link.
  package let outsideName: String
  /// The families it has addresses of, whether connections of them are meant or not.
  package let families: Set<AddressFamily>

  package init(
    name: String, hosts: [String], outside: AddressSet, outsideName: String, families: Set<AddressFamily>
  ) {
    self.name = name
    self.hosts = hosts
    self.outside = outside
    self.outsideName = outsideName
    self.families = families
  }
}

/// Whom a change of connections concerns.
package enum LineScope: String, Hashable, Sendable, CaseIterable {
  /// Hosts that both policies have.
  case hosts
  /// A host that only one of the policies has.
  case membership
  /// Addresses outside the inventory.
  case outside
}

/// Connections that open or close together.
package struct ConnectionLine: Hashable, Sendable {
  package let from: LineEnd
  package let to: LineEnd
  /// The service by name; `nil` where no flow is at hand that names it.
  package let service: String?
  /// Protocols with ports or types, such as `tcp/5432`, sorted.
  package let terms: [LineTerm]
  package let families: [AddressFamily]
  /// Whether both ends have the other family too, and it does not change with this one.
  package var isOfOneFamily: Bool {
    families.count == 1 && from.families.intersection(to.families).count > 1
      && terms.allSatisfy { ![.icmp, .icmpv6].contains($0.ipProtocol) }
  }
  /// The flow that allows the connections, and where it is written.
  package let flow: String?
  package let location: SourceLocation?
  package let scope: LineScope
  /// Exactly which connections, but for the exceptions.
  package let rectangles: [Rectangle]
  /// What the rectangles take in and the line does not mean; empty: the line is exact.
  package let exceptions: [Rectangle]
  /// Whether only parts of what ends and terms say are meant: those that ``rectangles`` are. It has no exceptions.
  package let isInPart: Bool
  /// The first of the exceptions as lines, or of the parts.
  package let toldParts: [ConnectionLine]
  /// How many are not among these.
  package let untoldParts: Int

  /// How many exceptions or parts of a line are told as lines.
  static let mostToldParts = 12

  init(
    from: LineEnd, to: LineEnd, service: String?, terms: [LineTerm], families: [AddressFamily], flow: String?,
    location: SourceLocation?, scope: LineScope, rectangles: [Rectangle], exceptions: [Rectangle] = [],
    isInPart: Bool = false, toldParts: [ConnectionLine] = [], untoldParts: Int = 0
  ) {
    self.from = from
    self.to = to
    self.service = service
    self.terms = terms
    self.families = families
    self.flow = flow
    self.location = location
    self.scope = scope
    self.rectangles = rectangles
    self.exceptions = exceptions
    self.isInPart = isInPart
    self.toldParts = toldParts
    self.untoldParts = untoldParts
  }
}
