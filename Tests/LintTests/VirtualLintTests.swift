import Lint
import Policy
import Testing

@Suite struct VirtualLintTests {
  /// A virtual address that two of three hosts carry, and a flow to it.
  private static func virtual(_ flow: String, _ more: String = "") -> String {
    """
    virtual: {v: {addresses: 192.0.2.44, carriers: [a-1, a-2]}}
    flows:
      f: {\(flow), why: test, owner: test}
    \(more)
    """
  }

  static let cases: [LintCase] = [
    LintCase(.exposed, "a virtual address", virtual("from: world, to: v, service: ssh"), ["f"]),
    LintCase(
      .exposed, "by a group", virtual("from: world, to: g, service: ssh", "groups: {g: [v, b-1]}"), ["f"]),
    LintCase(.exposed, "for everybody", virtual("from: world, to: v, service: https")),
    LintCase(.exposed, "from an office", virtual("from: office, to: v, service: ssh")),
    LintCase(
      .noManagement, "who carries an address that a flow leads to",
      virtual("from: office, to: v, service: https"), ["left: a-1 a-2"]),
    LintCase(
      .managedInNetwork, "a virtual address",
      virtual("from: office, to: v, service: https", "networks: {near: {prefixes: [192.0.2.0/24]}}"),
      ["near", "whole: a-1 a-2 a-3 b-1 b-2 b-3"]),
    LintCase(
      .managedInNetwork, "excepted",
      virtual(
        "from: office, to: v, service: https",
        "networks: {near: {prefixes: [192.0.2.0/24], except: [managed]}}"),
      ["whole: a-1 a-2 a-3 b-1 b-2 b-3"]),
  ]

  @Test(arguments: cases)
  func `virtual addresses are seen as what carries them`(example: LintCase) throws {
    let found = Lint.findings(in: try policy(example.more), at: now)
    #expect(found.filter { $0.kind == example.kind }.map(\.short).sorted() == example.found)
  }

  @Test(arguments: [("", "service: ssh,"), ("settings: {management: shells}\n", "service: shells,")])
  func `who cannot be managed is led to the service of the settings, or to the narrowest`(
    settings: String, service: String
  ) throws {
    let found = Lint.findings(
      in: try policy(
        settings + "services: {aa: tcp/1-100}\nflows: {f: {from: b, to: a, service: https, why: test}}"),
      at: now)
    let help = found.filter { $0.kind == .noManagement }.compactMap(\.help)
    #expect(!help.isEmpty && help.allSatisfy { $0.contains(service) })
  }
}
