internal import Addressing
package import AgentProtocol
internal import Diagnostics
package import Enforcement
package import Nftables
internal import Policy
internal import RulesetCompiler
package import RulesetShape

/// What stands where a host cannot be given what was confirmed: nothing is known of its flows, and somebody has to get in
/// to repair it.
package enum Fallback {
  /// Lets in tcp/22 and what no host can live without (loopback, answers, errors, neighbour discovery, DHCP), and begins
  /// nothing but DHCP: to log in takes no question to anybody, and what an intruder would begin is denied.
  package static let table: Table = {
    // A place in no file: nobody wrote it.
    let nowhere = SourceLocation(file: "", line: 0, column: 0)
    let host = HostID(0)
    let ssh = Service(
      name: "ssh",
      terms: [ServiceTerm(.tcp, .ports(IntervalSet([22...22])))], multicast: AddressSet(), location: nowhere)
    let policy = Policy(
      hosts: [
        Host(
          name: "host", addresses: [], zone: nil, groups: [], modes: Modes(.enforce), deny: .drop,
          forwarding: .deny, dhcp: true, crown: false, ssh: nil, location: nowhere)
      ],
      peers: [
        Peers(name: "anybody", hosts: [], networks: .all, addresses: .all),
        Peers(name: "host", hosts: [host], networks: AddressSet(), addresses: AddressSet()),
      ],
      services: [ssh],
      flows: [
        Flow(
          name: "fallback", from: PeersID(0), to: PeersID(1), services: [ServiceID(0)],
          why: "the confirmed ruleset could not be loaded", owner: nil, ticket: nil, until: nil,
          location: nowhere)
      ], guards: [], zones: [])
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[host])
  }()

  /// Makes the host's table the fallback, unless rules of Sekisho's judge already: those stay.
  ///
  /// - Parameters:
  ///   - hold: the right to change the host; `nil`: it could not be had, and is not waited for.
  ///   - judged: whether rules of ours did when the command began; `nil`: if they do now.
  ///   - reason: why what was confirmed does not stand.
  ///   - cutOff: whom the host has cut off: the fallback does not let him in either.
  /// - Throws: ``AgentProtocol/AgentFailure``: the reason where rules judge already, or why not even the fallback stands.
  package static func stand(
    on host: LocalHost, _ hold: Hold? = nil, judged: Bool? = nil, because reason: AgentFailure,
    cutOff: [KeptElement] = []
  ) throws(AgentFailure) {
    var last = reason
    for attempt in 0..<3 {
      do throws(AgentFailure) {
        let hold = if let hold { hold } else { try host.conversation() }
        let own = try host.ownTable(hold)
        if own?.isFallback == true { return }
        if judged ?? own?.judges ?? false { throw reason }
        // Where the kernel can be told of no session there is one to be opened anew, and the rules stand.
        _ = try host.change(Apply(table.keeping(cutOff), seen: nil, isLearning: attempt == 0), hold) { _ in }
        return
      } catch {
        if error == reason { throw reason }
        last = error
      }
    }
    throw AgentFailure(
      last.code, "\(reason.message); the fallback could not be loaded either: \(last.message)",
      object: last.object, element: last.element, errno: last.errno,
      remedy: "load a ruleset by hand (nft -f), and look at what refuses it", happened: last.happened)
  }
}

extension Table {
  /// Whether the rules that judge once no trial does are those of the fallback.
  package var isFallback: Bool {
    let own = withoutTrial.chains
    return own.count == Fallback.table.chains.count && own.allSatisfy(Fallback.table.chains.contains)
  }

  /// Whether there are rules that judge once no trial does.
  var judges: Bool {
    !flags.contains(.dormant) && withoutTrial.chains.contains { $0.base != nil && !$0.rules.isEmpty }
  }
}
