internal import ArgumentParser
internal import SekishoCommands

@main
struct Main {
  static func main() async { await Sekisho.main() }
}
