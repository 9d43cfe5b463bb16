public import Addressing

/// All connections of one protocol from some addresses to some addresses.
///
/// Of both families: the sources of a family meet the destinations of the same family.
public struct Rectangle: Hashable, Sendable {
  public let passage: Passage
  public let ipProtocol: IPProtocol
  public let destinations: AddressSet
  public let kinds: Kinds
  public let sources: AddressSet

  public init(
    _ passage: Passage, _ ipProtocol: IPProtocol, from sources: AddressSet, to destinations: AddressSet,
    _ kinds: Kinds
  ) {
    self.passage = passage
    self.ipProtocol = ipProtocol
    self.destinations = destinations
    self.kinds = kinds
    self.sources = sources
  }
}
