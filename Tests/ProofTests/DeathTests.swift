import AgentProtocol
import Foundation
import Lab
import LabHarness
import Nftables
import RulesetDiff
import Testing

extension HostProof {
  /// Processes that are killed in the middle, on a real kernel: whoever comes next finds a ruleset that was confirmed, and what
  /// was reported is true.
  @Suite struct DeathTests {
    /// Who is killed.
    enum Victim: String, CaseIterable {
      case agent, keeper, command

      /// What the command line of the process has, and that of the one that looks for it has not.
      var pattern: String {
        switch self {
        case .agent: "[s]ekisho agent $"
        case .keeper: "[s]ekisho agent --keep"
        case .command: "[s]ekisho apply --local"
        }
      }
    }

    /// What is asked for while it happens.
    private enum Task: Int, CaseIterable {
      case apply, confirm, rollBack
    }

    private static let inventories = [
      SoakTests.inventory("192.0.2.0/25", "one: {from: office, to: server, service: more, why: a test}"),
      SoakTests.inventory("198.51.100.0/24", "two: {from: office, to: server, service: app, why: a test}"),
    ]

    /// Kills every process of a host that is meant, after some milliseconds; prints how many.
    private static let killer = """
      sleep 0.$(printf %03d "$1")
      count=0
      for process in /proc/[0-9]*; do
        if tr '\\0' ' ' < "$process/cmdline" 2> /dev/null | grep -q -- "$2"; then
          kill -9 "${process#/proc/}" 2> /dev/null && count=$((count + 1))
        fi
      done
      echo "$count"
      """

    /// What became of a host is found by its next operator.
    private struct Rest {
      let confirmed: Table
      let listing: String
    }

    private static func rest(_ proof: ProofLab) async throws -> Rest {
      try await proof.ask("server") { agent in
        do { _ = try await agent.ask(EndTrial()) } catch let failure as AgentFailure {
          // There was none, or it is over and cleaned up behind by now.
          #expect(failure.code == .noTrial, "\(failure)")
        }
        let confirmed = try await agent.ask(ReadConfirmed())
        let looked = try await agent.ask(Look(confirmed.table))
        #expect(looked.comparison.change.isEmpty, "the kernel has something else than what was confirmed")
        return Rest(confirmed: confirmed.table, listing: try await proof.listing("server"))
      }
    }

    /// What was asked for, to the end that it came to.
    private static func perform(
      _ task: Task, _ wanted: Table, on proof: ProofLab
    ) async -> Result<Bool, any Error> {
      do {
        return .success(
          try await proof.ask("server") { agent in
            let note = ChangeNote(why: nil, meaning: "\(task)")
            switch task {
            case .apply:
              _ = try await agent.ask(Apply(wanted, seen: nil))
              return true
            case .confirm:
              let armed = try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
              _ = try await agent.ask(Confirm(token: armed.token))
              return true
            case .rollBack:
              _ = try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
              _ = try await agent.ask(EndTrial())
              return false
            }
          })
      } catch { return .failure(error) }
    }

    @Test(arguments: Victim.allCases)
    func `a hundred deaths leave what was confirmed, and no report that is untrue`(victim: Victim)
      async throws
    {
      try await withProofLab(try loaded(Self.inventories[0]), try labRights()) { proof in
        try await proof.apply(["server"])
        try await proof.lab.load("server", SoakTests.witness)
        let tables = try Self.inventories.map { try proof.changed(to: $0).table(of: "server") }
        let pouring =
          try proof.lab.execPrefix("client") + [
            supportProgram(), "pour", "10000", "10.0.0.2,2001:db8::2", "9000", "9001",
          ]
        let deaths = try await whileRunning(pouring, after: "pouring") {
          try await withTemporaryDirectory { try await Self.killing(victim, tables, proof, in: $0) }
        }.result
        #expect(deaths >= 100)
        let passage = try await SoakTests.passage(proof, ["in"], atLeast: deaths)
        print("measured: \(deaths) deaths (\(victim.rawValue)); \(passage)")
      }
    }

    /// - Returns: how many processes were killed.
    private static func killing(
      _ victim: Victim, _ tables: [Table], _ proof: ProofLab, in directory: String
    ) async throws -> Int {
      for (number, inventory) in inventories.enumerated() {
        try inventory.write(toFile: "\(directory)/\(number).yaml", atomically: true, encoding: .utf8)
      }
      var confirmed = tables[0]
      var deaths = 0
      // How long a change takes is found on the way: who comes too late comes sooner the next time.
      var latest = 250
      for attempt in 0..<2000 where deaths < 100 {
        let task = Task.allCases[attempt % 3]
        let target = attempt / 3 % 2 == 0 ? 1 : 0
        let moment = Int.random(in: 0...latest)
        async let killed = proof.lab.run(
          "server", ["sh", "-c", killer, "sh", "\(moment)", victim.pattern])
        let ending: Result<Bool, any Error> =
          victim == .command
          ? try await command("\(directory)/\(target).yaml", on: proof)
          : await perform(task, tables[target], on: proof)
        let count = Int(try await killed.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        latest = count == 0 ? latest * 3 / 4 : min(500, latest * 5 / 4 + 4)
        deaths += count
        let rest = try await rest(proof)
        let place = "\(task), \(moment) ms, \(ending)"
        #expect(!rest.listing.contains("trial"), "\(place)")
        let isKept = rest.confirmed == confirmed
        let isDone = rest.confirmed == tables[target]
        switch ending {
        case .success(let stays): #expect(stays ? isDone : isKept, "\(place)")
        // An agent that died cannot say what has happened.
        case .failure(let error as AgentFailure) where error.happened == .nothing: #expect(isKept, "\(place)")
        case .failure: #expect(isKept || isDone && (task != .rollBack || victim == .command), "\(place)")
        }
        confirmed = rest.confirmed
      }
      return deaths
    }

    private static func command(_ inventory: String, on proof: ProofLab) async throws -> Result<
      Bool, any Error
    > {
      let finished = try await proof.lab.run(
        "server",
        [
          productProgram(), "apply", "--local", "--host", "server", "--inventory", inventory, "--yes",
          "--no-trial", "--quiet",
        ])
      return finished.status == 0 ? .success(true) : .failure(Ended(status: finished.status))
    }

    /// How a command ended that was killed.
    private struct Ended: Error { let status: Int32 }
  }
}
