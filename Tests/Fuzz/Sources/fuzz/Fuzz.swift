import CFuzzer
import FuzzTargets
import Glibc

/// `fuzz --target=TARGET …`: everything else is libFuzzer's, which passes over options with two dashes and
/// hands them to the processes it starts.
@main
struct Fuzz {
  static func main() {
    guard target != nil else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
      print("usage: fuzz --target=\(names) [DIRECTORY …] [-OPTION=VALUE …]")
      exit(64)
    }
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    var count = CommandLine.argc
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        let faults = Fuzz.target?.faults(in: Array(UnsafeBufferPointer(start: start, count: count))) ?? []
        guard faults.isEmpty else { fatalError("\(faults)") }
        return 0
      })
  }

  private static let target = CommandLine.arguments.lazy
    .compactMap { $0.hasPrefix("--target=") ? FuzzTarget(rawValue: String($0.dropFirst(9))) : nil }.first
}
