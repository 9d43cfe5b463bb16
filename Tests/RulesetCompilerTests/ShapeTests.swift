import Nftables
import Policy
import RulesetCompiler
import RulesetShape
import Testing

/// What compiled tables are read back as.
@Suite struct ShapeTests {
  @Test(arguments: CompileGoldenTests.inventories)
  func `every name and comment of a compiled table is read back as what it was made of`(inventory: String)
    throws
  {
    let compiled = try CompiledInventory(inventory)
    let policy = compiled.policy
    let services = Set(policy.services.map(\.name))
    let flows = Set(policy.flows.map(\.name))
    let peers = Set(HostPolicies(policy).peers.map(\.name))
    for host in compiled.hosts {
      for chain in host.table.chains {
        let meaning = try #require(ChainMeaning(chain.name), "\(chain.name)")
        #expect(meaning.name == chain.name)
        if let service = meaning.service { #expect(services.contains(service), "\(chain.name)") }
        if let base = chain.base { #expect(meaning == Side(base.hook).map { .base($0) }) }
        for rule in chain.rules where rule.comment != nil {
          let flow = meaning.service == nil ? rule.endedFlow : rule.acceptedFlow
          #expect(flow.map(flows.contains) ?? (RuleNote(rule) != nil), "\(rule)")
        }
      }
      for set in host.table.sets {
        let meaning = try #require(SetMeaning(set.name), "\(set.name)")
        #expect(meaning.name == set.name)
        if case .peers(let name, _) = meaning {
          #expect(peers.contains(name), "\(set.name)")
          #expect(set.peers?.name == name)
        } else {
          #expect(set.peers == nil)
        }
      }
    }
  }

  @Test(arguments: CompileGoldenTests.inventories)
  func `the modes, records and ends of a host are in its table`(inventory: String) throws {
    let compiled = try CompiledInventory(inventory)
    let policy = compiled.policy
    let until = Dictionary(uniqueKeysWithValues: policy.flows.map { ($0.name, $0.until?.seconds) })
    for host in compiled.hosts {
      let modes = try #require(policy.hosts.first { $0.name == host.name }).modes
      for side in Side.allCases {
        guard let base = host.table.base(side) else { continue }
        let mode =
          switch side {
          case .input: modes.ingress
          case .forward: modes.forward
          case .output: modes.egress
          }
        #expect(host.table.mode(of: base) == (mode == .enforce ? .enforce : .observe))
        let end = try #require(host.table.ending(of: base))
        #expect(ChainMeaning(end.name) == .denial(side))
        let records = host.table.records(of: end)
        #expect(records.count == 6)
        for record in records {
          guard case .records(side, _, _)? = SetMeaning(record) else {
            Issue.record("\(record)")
            continue
          }
        }
      }
      for chain in host.table.chains where ChainMeaning(chain.name)?.service != nil {
        for rule in chain.rules {
          let flow = try #require(rule.acceptedFlow)
          #expect(rule.end == until[flow], "\(flow)")
        }
      }
    }
  }
}
