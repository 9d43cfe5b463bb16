public import Addressing

/// One connection as an element of a space.
public struct Point: Hashable, Sendable {
  public let passage: Passage
  public let source: Address
  public let destination: Address
  public let ipProtocol: IPProtocol
  /// Destination port, message type, or 0 for a protocol that has neither.
  public let kind: UInt16

  /// The ends must be of one family.
  public init(
    _ passage: Passage, from source: Address, to destination: Address, _ ipProtocol: IPProtocol,
    kind: UInt16 = 0
  ) {
    precondition(source.family == destination.family, "a connection has one family")
    self.passage = passage
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    self.kind = kind
  }

  var section: Section { Section(passage, source.family, ipProtocol) }
}
