import AgentProtocol
import Fleet
import Foundation
import Nftables
import Testing

/// A fleet in which hosts hang, flood, lie and die: what the others answer stands.
@Suite struct FakeAgentTests {
  /// A broken pipe is an error of write(2), as it is in the product.
  init() { signal(SIGPIPE, SIG_IGN) }

  /// Within which everything here ends; no test measures how much of it is needed.
  private static let patience = Patience(answer: .seconds(10))

  private static let hello: String = {
    let greeting = Greeting(
      requests: ["status", "apply"], version: "fake", node: "n", kernel: "k", addresses: [])
    return line(try? Frames.reply(greeting, to: 1)[0])
  }()
  private static let status = line(
    try? Frames.reply(HostStatus(generation: 5, table: nil, foreignChains: []), to: 2)[0])

  private static func line(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

  /// An agent that runs shell commands; its arguments are what a good agent would answer.
  private static func agent(_ commands: String) -> AgentTransport {
    AgentTransport(command: ["/bin/sh", "-c", commands, "agent", hello, status])
  }

  private static let good = agent(
    #"for answer; do read -r line; printf '%s\n' "$answer"; done; read -r line"#)
  /// What comes ahead of the misbehaviour: the greeting, and the next question.
  private static let greets = #"read -r line; printf '%s\n' "$1"; read -r line; "#

  struct Misbehaviour: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let commands: String
    let code: AgentFailure.Code
  }

  static let misbehaviours = [
    Misbehaviour(testDescription: "hangs at once", commands: "sleep 600", code: .timedOut),
    Misbehaviour(testDescription: "hangs", commands: greets + "sleep 600", code: .timedOut),
    Misbehaviour(testDescription: "stops reading", commands: "exec <&-; sleep 600", code: .unreachable),
    Misbehaviour(
      testDescription: "hangs with the pipe in other hands", commands: greets + "sleep 600 & exit 0",
      code: .unreachable),
    Misbehaviour(
      testDescription: "floods without an end of a line", commands: greets + "cat /dev/zero",
      code: .unreachable),
    Misbehaviour(
      testDescription: "floods with lines", commands: greets + "yes '{\"id\":2,\"event\":{}}'",
      code: .unreachable),
    Misbehaviour(testDescription: "floods ahead of the greeting", commands: "yes", code: .unreachable),
    Misbehaviour(
      testDescription: "floods its errors", commands: greets + "yes >&2", code: .timedOut),
    Misbehaviour(
      testDescription: "answers and then hangs", commands: greets + "printf '{\"id\":2,'; sleep 600",
      code: .timedOut),
    Misbehaviour(
      testDescription: "answers another question", commands: greets + "printf '{\"id\":7,\"reply\":{}}\\n'",
      code: .unreachable),
    Misbehaviour(testDescription: "ends", commands: greets + "exit 3", code: .unreachable),
    Misbehaviour(testDescription: "cannot be started", commands: "exec /nowhere/agent", code: .unreachable),
    Misbehaviour(
      testDescription: "is of another version",
      commands:
        #"read -r line; printf '{"id":1,"reply":{"version":"0","node":"n","kernel":"k","addresses":[]}}\n'"#,
      code: .otherVersion),
  ]

  @Test(.timeLimit(.minutes(60)))
  func `of a fleet with hosts that hang, flood, lie and die the others' answers stand`() async throws {
    let transports = Self.misbehaviours.flatMap { [Self.good, Self.agent($0.commands)] } + [Self.good]
    let answers = await concurrently(transports, limit: 30) { try await Self.ask($0) }
    for (index, answer) in answers.enumerated() {
      switch answer {
      case .success(let status):
        #expect(index.isMultiple(of: 2), "\(Self.misbehaviours[index / 2].testDescription)")
        #expect(status.generation == 5)
      case .failure(let error):
        try #require(!index.isMultiple(of: 2), "\(error)")
        let expected = Self.misbehaviours[index / 2]
        let failure = try #require(error as? AgentFailure, "\(expected.testDescription): \(error)")
        // What is found by its bytes, or when it is written to, may be found by its slowness first.
        let isLate = failure.code == .timedOut && expected.code == .unreachable
        #expect(failure.code == expected.code || isLate, "\(expected.testDescription): \(failure)")
        #expect(failure.happened == .nothing)
      }
    }
  }

  @Test(.timeLimit(.minutes(60))) func `an agent that dies at any byte of its answers is told as such`()
    async throws
  {
    let whole = Self.hello + "\n" + Self.status + "\n"
    let cuts = Array(0..<whole.utf8.count)
    let answers = await concurrently(cuts) { cut in
      try await Self.ask(
        AgentTransport(
          command: ["/bin/sh", "-c", #"read -r line; printf '%s' "$1""#, "agent", String(whole.prefix(cut))]))
    }
    for (cut, answer) in zip(cuts, answers) {
      let failure = #expect(throws: AgentFailure.self) { try answer.get() }
      #expect(failure?.code == .unreachable, "\(cut): \(String(describing: failure))")
    }
    let complete = AgentTransport(
      command: ["/bin/sh", "-c", #"read -r line; printf '%s' "$1"; read -r line"#, "agent", whole])
    #expect(try await Self.ask(complete).generation == 5)
  }

  @Test(.timeLimit(.minutes(60))) func `what is given up is ended, with all that it started`() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let commands = "echo $$ > \(file); sleep 600 & echo $! >> \(file); wait"
    await #expect(throws: AgentFailure.self) { try await Self.ask(Self.agent(commands)) }
    let processes = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap {
      Int32($0)
    }
    #expect(processes.count == 2)
    for process in processes {
      var state = ""
      // Killed, and gone as soon as whoever inherited it has looked.
      for _ in 0..<100 {
        let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        state = stat.map { String($0.split(separator: ")").last?.dropFirst().prefix(1) ?? "") } ?? ""
        if state.isEmpty || state == "Z" { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(state.isEmpty || state == "Z")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `with the answer to a change lost, what happened is unknown`()
    async throws
  {
    let apply = Apply(
      .init(family: .inet, name: "sekisho", chains: [], sets: []), seen: nil)
    for commands in ["exit 0", "sleep 600", "cat /dev/zero", "printf 'x\\n'"] {
      let failure = await #expect(throws: AgentFailure.self) {
        try await AgentSession.run(
          Self.agent(Self.greets + "read -r table; " + commands), needing: [Apply.self], version: "test",
          patience: Self.patience
        ) { agent, _ in try await agent.ask(apply) }
      }
      #expect(failure?.happened == .unknown, "\(commands): \(String(describing: failure))")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `an agent is asked nothing that it cannot do`() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let commands = #"read -r line; printf '%s\n' "$1"; cat > "# + file
    let failure = await #expect(throws: AgentFailure.self) {
      try await AgentSession.run(
        Self.agent(commands), needing: [Status.self, Look.self], version: "test", patience: Self.patience
      ) { agent, _ in try await agent.ask(Status()) }
    }
    #expect(failure?.code == .otherVersion && failure?.message.contains("look") == true)
    #expect(FileManager.default.contents(atPath: file) == Data())
  }

  private static func ask(_ transport: AgentTransport) async throws -> HostStatus {
    try await AgentSession.run(transport, needing: [Status.self], version: "test", patience: patience) {
      agent, _ in try await agent.ask(Status())
    }
  }
}
