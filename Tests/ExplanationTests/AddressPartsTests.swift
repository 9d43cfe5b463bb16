import Addressing
import Diagnostics
import Explanation
import Inventory
import Policy
import PolicyFixtures
import Testing

@Suite struct AddressPartsTests {
  /// What an explanation says without saying whose address it is about.
  private static func answer(_ explanation: PathExplanation) -> String {
    explanation.hops.map { "\($0.direction) \($0.isAllowed) \($0.flow?.index ?? -1)" }.joined(
      separator: " | ")
  }

  @Test(arguments: 0..<12)
  func `every address of a network is answered as the address of one of its parts is`(seed: Int) throws {
    let text = RandomInventory(seed: UInt64(seed)).text
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    // Some random inventories have mistakes.
    guard let policy = loaded.policy else { return }
    let policies = HostPolicies(policy)
    let parts = AddressParts(policy, policies)
    var explainer = PathExplainer(policy, policies)
    let now = Timestamp(seconds: 1_800_000_000)
    let nobody = AddressSet(
      try ["::/96", "::ffff:0:0/96", "ff00::/8", "224.0.0.0/4"].map { try Prefix(parsing: $0) })
    func edges(_ set: AddressSet) -> [Address] {
      AddressFamily.allCases.flatMap { family in
        set.ranges(family).flatMap { range -> [Address] in
          let around = [
            range.lowerBound, range.upperBound, range.lowerBound &- 1, range.upperBound &+ 1,
            range.lowerBound + (range.upperBound - range.lowerBound) / 2,
          ]
          return around.filter { $0 <= family.highestBits }.map { Address(family, $0) }
        }
      }
    }
    let candidates = Set(policy.peers.flatMap { edges($0.addresses) } + policy.hosts.flatMap(\.addresses))
    var answers = 0
    for network in Set(policy.peers.map(\.networks)) where !network.isEmpty {
      let representatives = parts.representatives(of: network).joined()
      #expect(representatives.allSatisfy { network.contains($0) && !nobody.contains($0) })
      for other in policy.hosts {
        let there = other.addresses[0]
        for destination in [80, 53, 8055] as [UInt16] {
          func answer(_ address: Address) -> [String] {
            let one = Connection(
              from: address, to: there, .tcp, .ports(source: 49_152, destination: destination))
            let two = Connection(
              from: there, to: address, .tcp, .ports(source: 49_152, destination: destination))
            return [
              Self.answer(explainer.explain(one, now: now)), Self.answer(explainer.explain(two, now: now)),
            ]
          }
          let usable = { (address: Address) in
            address.family == there.family && !other.addresses.contains(address)
          }
          let known = Set(representatives.filter(usable).map(answer))
          for address in candidates where usable(address) && network.contains(address) {
            if nobody.contains(address) { continue }
            answers += 1
            #expect(known.contains(answer(address)), "\(address) and \(there), port \(destination)")
          }
        }
      }
    }
    #expect(answers > 0)
  }
}
