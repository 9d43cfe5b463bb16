import Addressing
import AgentProtocol
import Fleet
import Foundation
import Nftables
import Operations
import RulesetDiff
import Testing

/// An agent that dies with the answer to a change on its lips: the host is asked for it in another conversation.
@Suite struct LostReplyTests {
  private let directory = NSTemporaryDirectory() + "sekisho-lost-\(UUID().uuidString)"

  private static let wanted = Table(
    family: .inet, name: "sekisho", chains: [Chain(name: "c", rules: [Rule([.counter])])], sets: [])

  /// Each conversation makes the directory of its number, greets, reads a request with its table, and says what the
  /// file of its number holds; where there is none, it dies.
  private static let agent = """
    n=1; while ! mkdir "$1/$n" 2>/dev/null; do n=$((n + 1)); done
    read -r line; cat "$1/hello"; read -r line; read -r table
    [ -e "$1/reply$n" ] || exit 1
    cat "$1/reply$n"; read -r line
    """

  init() throws {
    // A broken pipe is an error of write(2), as it is in the product.
    signal(SIGPIPE, SIG_IGN)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let greeting = Greeting(
      requests: ["look", "apply"], version: toolVersion, node: "a", kernel: "k",
      addresses: [Address(.ipv4, 0x0a00_0001)])
    try write(try Frames.reply(greeting, to: 1), "hello")
    try write(try Frames.reply(looked(isDone: false), to: 2), "reply1")
  }

  @Test(.timeLimit(.minutes(60))) func `a host that has the change is told as changed`() async throws {
    try write(try Frames.reply(looked(isDone: true), to: 2), "reply3")
    let applied = try await apply().get()
    #expect(applied.operations > 0 && applied.generation == 8)
    #expect(conversations == 3)
  }

  @Test(.timeLimit(.minutes(60))) func `a host that has it not is told as such, and may still get it`()
    async throws
  {
    try write(try Frames.reply(looked(isDone: false), to: 2), "reply3")
    let outcome = try await apply()
    let failure = #expect(throws: AgentFailure.self) { try outcome.get() }
    #expect(failure?.happened == .unknown)
    #expect(failure?.message.hasSuffix("asked again, the host does not have the change") == true)
  }

  @Test(.timeLimit(.minutes(60))) func `of a host that cannot be asked again nothing is known`() async throws
  {
    let outcome = try await apply()
    let failure = #expect(throws: AgentFailure.self) { try outcome.get() }
    #expect(failure?.happened == .unknown && failure?.code == .unreachable)
    #expect(failure?.message.contains("asked again") == false)
    #expect(conversations == 3)
  }

  private func apply() async throws -> Result<Applied, any Error> {
    let address = Address(.ipv4, 0x0a00_0001)
    let target = Target(
      name: "a", wanted: Self.wanted,
      reach: .through(AgentTransport(command: ["/bin/sh", "-c", Self.agent, "agent", directory])),
      identity: HostIdentity(host: "a", addresses: [address], owners: [address: "a"]),
      patience: Patience(answer: .seconds(1200)))
    let change = try await FleetChange(of: Targets(hosts: [target], all: ["a"], inventory: nil), as: nil)
    let note = ChangeNote(why: nil, meaning: "a test")
    let outcome = try #require(await change.apply(nil, note: note).first)
    return outcome.ending.flatMap { ending in
      if case .applied(let applied) = ending { .success(applied) } else { .failure(CancellationError()) }
    }
  }

  /// How many were begun.
  private var conversations: Int {
    (1...9).count { FileManager.default.fileExists(atPath: "\(directory)/\($0)") }
  }

  private func looked(isDone: Bool) -> Looked {
    let change = TableDiff.change(from: nil, to: Self.wanted)
    return Looked(
      seen: Seen(moment: RulesetMoment(place: "p", generation: 7), own: nil, others: [:]),
      comparison: TableComparison(
        generation: isDone ? 8 : 7, isInstalled: isDone,
        change: isDone ? ChangeDescription() : ChangeDescription(change, from: nil, to: Self.wanted),
        foreignChains: []),
      ruleset: isDone ? nil : [])
  }

  private func write(_ lines: [[UInt8]], _ name: String) throws {
    try Data(lines.flatMap { $0 + [10] }).write(to: URL(filePath: "\(directory)/\(name)"))
  }
}
