import MemoryKernel
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import Testing

/// What random policies alone never change: how large a set may be, and what a chain does at its end.
@Suite struct SizeAndModeTests {
  /// A set with so many elements, and the size it is declared with; what is beyond its size the kernel refuses.
  private func table(_ count: Int, size: UInt32?, from first: Int = 0) -> Table {
    let keys = (first..<(first + count)).flatMap { [10, 0, UInt8($0 >> 8), UInt8($0 & 0xff)] as [UInt8] }
    let elements = SetElements(keyLength: 4, keys: keys)
    return Table(
      family: .inet, name: "sekisho",
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop),
          rules: [])
      ],
      sets: [NamedSet(name: "api.v4", key: [.ipv4Address], size: size, elements: elements)])
  }

  @Test(arguments: [
    (16, 16, 17, 64), (10, 16, 200, 512), (0, 16, 64, 64), (16, 16, 16, 64), (200, 512, 10, 16),
    (512, 512, 512, 512), (64, 64, 128, 128),
  ])
  func `a set that must grow is enlarged ahead of what fills it`(
    before: Int, size: Int, after: Int, wanted: Int
  ) throws {
    for overlap in Set([0, min(1, before), before / 2, before]) {
      let old = table(before, size: UInt32(size))
      let new = table(after, size: UInt32(wanted), from: before - overlap)
      var kernel = MemoryTable()
      try kernel.apply(TableDiff.change(from: nil, to: old))
      try kernel.apply(TableDiff.change(from: kernel.installed, to: new))
      let set = try #require(kernel.installed?.table.sets.first)
      #expect(set.elements == new.sets[0].elements)
      #expect(set.size == UInt32(max(size, wanted)))
      #expect(TableDiff.change(from: kernel.installed, to: new).isEmpty)
    }
  }

  /// All that an inventory may say by all, of each host.
  @Test(arguments: 0..<12) func `a change of modes changes the policy of every chain it is about`(seed: Int)
    throws
  {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let modes = Mode.allCases.flatMap { ingress in
      Mode.allCases.flatMap { egress in
        [Mode.enforce, .observe].map { Modes(ingress: ingress, egress: egress, forward: $0) }
      }
    }
    for host in policies.distinct {
      let tables = modes.filter { Self.may($0, host.forward) }.map { modes in
        compiler.compile(
          HostPolicy(
            modes: modes, deny: host.deny, forward: host.forward, dhcp: host.dhcp,
            mayNameItself: host.mayNameItself, allowances: host.allowances))
      }
      for old in tables {
        for new in tables {
          var kernel = MemoryTable()
          try kernel.apply(TableDiff.change(from: nil, to: old))
          try kernel.apply(TableDiff.change(from: kernel.installed, to: new))
          let result = try #require(kernel.installed?.table)
          for chain in new.chains {
            #expect(result.chain(chain.name)?.base == chain.base)
            #expect(result.chain(chain.name)?.rules == chain.rules)
          }
          #expect(result.chains.count == new.chains.count)
        }
      }
    }
  }

  /// Whether an inventory may leave these directions alone.
  private static func may(_ modes: Modes, _ forward: ForwardPolicy) -> Bool {
    switch forward {
    case .leave: modes.ingress != .leave || modes.egress != .leave
    case .judge: true
    case .containers(let containers):
      modes.ingress != .leave && (modes.egress != .leave || !containers.judgesEgress)
    }
  }
}
