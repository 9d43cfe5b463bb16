internal import Addressing
internal import Policy

/// The terms of a service while they are read, gathered by protocol: a list of thousands of ports costs no
/// more than its sorting.
struct ServiceTermsDraft {
  private var whole: Set<IPProtocol> = []
  private var ports: [IPProtocol: PortSet] = [:]
  private var types: [IPProtocol: IntervalSet<UInt8>] = [:]

  /// - Returns: whether the service had a part of the term already.
  mutating func add(_ term: ServiceTerm) -> Bool {
    var isRepeated = false
    switch term.match {
    case .any: isRepeated = !whole.insert(term.ipProtocol).inserted
    case .ports(let new):
      for range in new.ranges where ports[term.ipProtocol, default: PortSet()].insert(range) {
        isRepeated = true
      }
    case .types(let new):
      for range in new.ranges where types[term.ipProtocol, default: IntervalSet()].insert(range) {
        isRepeated = true
      }
    }
    return isRepeated
  }

  /// One term a protocol, ascending.
  var terms: [ServiceTerm] {
    let all =
      whole.map { ServiceTerm($0, .any) } + ports.map { ServiceTerm($0, .ports($1)) }
      + types.map { ServiceTerm($0, .types($1)) }
    return all.sorted { $0.ipProtocol < $1.ipProtocol }
  }
}
