import FleetGenerator
import Foundation

/// What one flow more costs on the busiest of many hosts, as a whole command; in a network namespace of its own.
struct ApplyFigures {
  /// Where inventories and outputs go, and a link to the program.
  let place: String

  private static let hosts = 10_000
  private static let rounds = 7

  private var sekisho: String { "\(place)/sekisho" }
  private var old: String { "\(place)/apply-old" }
  private var new: String { "\(place)/apply-new" }

  func show() throws {
    section(
      "One flow more on the busiest of \(text(Double(Self.hosts))) hosts (median of \(Self.rounds), in turns)"
    )
    let files = Fleet(hosts: Self.hosts).files
    try write(files, to: old)
    require([sekisho, "compile", "-q", "-i", old, "-o", "\(place)/out-old"])
    let host = try busiest(in: "\(place)/out-old")
    let flow =
      "  one-more: {from: \(host), to: files-tokyo-prod-1, service: https, why: \"Figures are kept\"}\n"
    try write(files.map { ($0.path, $0.path == "flows.yaml" ? $0.text + flow : $0.text) }, to: new)
    require([sekisho, "compile", "-q", "-i", new, "-o", "\(place)/out-new"])
    for address in try addresses(of: host, in: "\(place)/out-new") {
      require(["ip", "address", "add", address, "dev", "lo"])
    }
    require(["ip", "link", "set", "lo", "up"])

    var (whole, compiled, nft): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<Self.rounds {
      apply(host, ["--from", "\(place)/out-old"])
      whole.append(apply(host, ["-i", new]))
      apply(host, ["--from", "\(place)/out-old"])
      compiled.append(apply(host, ["--from", "\(place)/out-new"]))
      nft.append(require(["nft", "-f", "\(place)/out-new/\(host).nft"]).seconds)
    }
    remark("\(host)")
    Figure("nft -f of its ruleset", median(nft) * 1000, "ms").show()
    Figure("apply --from, meaning and proof included", median(compiled) * 1000, "ms").show()
    Figure("  against nft -f", median(compiled) / median(nft), "x", .atMost(1)).show()
    Figure("apply -i, from the inventory of all", median(whole) * 1000, "ms").show()
    Figure("  against nft -f", median(whole) / median(nft), "x").show()
  }

  @discardableResult
  private func apply(_ host: String, _ source: [String]) -> Double {
    require(
      [sekisho, "apply", "--local", "--host", host, "--yes", "--no-trial", "--allow-lockout", host, "-q"]
        + source,
      output: "/dev/null"
    ).seconds
  }

  /// The host with the longest ruleset.
  private func busiest(in directory: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".nft") }
    let sizes = names.map { name -> (name: String, size: Int) in
      var status = stat()
      guard stat("\(directory)/\(name)", &status) == 0 else { fail("no file \(name)") }
      return (String(name.dropLast(4)), Int(status.st_size))
    }
    guard let first = sizes.sorted(by: { ($0.size, $1.name) > ($1.size, $0.name) }).first else {
      fail("no ruleset")
    }
    return first.name
  }

  private func addresses(of host: String, in directory: String) throws -> [String] {
    struct Manifest: Decodable {
      struct Host: Decodable {
        let addresses: [String]
      }
      let hosts: [String: Host]
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/manifest.json"))
    return try JSONDecoder().decode(Manifest.self, from: data).hosts[host]?.addresses ?? []
  }

  private func write(_ files: [(path: String, text: String)], to directory: String) throws {
    let directory = URL(fileURLWithPath: directory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for file in files { try Data(file.text.utf8).write(to: directory.appendingPathComponent(file.path)) }
  }
}
