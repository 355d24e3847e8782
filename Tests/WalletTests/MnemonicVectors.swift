/// Entropies of the published BIP-39 vectors, with what the reference implementation makes of them
/// under the passphrase "TREZOR".
struct MnemonicVector {
    let entropy: String
    let phrase: String
    let seed: String
}

let mnemonicVectors = [
    MnemonicVector(
        entropy: "00000000000000000000000000000000",
        phrase: "abandon abandon abandon abandon abandon abandon abandon abandon abandon abando"
            + "n abandon about",
        seed: "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d1"
            + "8264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"
    ),
    MnemonicVector(
        entropy: "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        phrase: "legal winner thank year wave sausage worth useful legal winner thank yellow",
        seed: "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe12961065"
            + "59a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"
    ),
    MnemonicVector(
        entropy: "808080808080808080808080808080808080808080808080",
        phrase: "letter advice cage absurd amount doctor acoustic avoid letter advice cage absu"
            + "rd amount doctor acoustic avoid letter always",
        seed: "107d7c02a5aa6f38c58083ff74f04c607c2d2c0ecc55501dadd72d025b751bc27fe913ffb796f8"
            + "41c49b1d33b610cf0e91d3aa239027f5e99fe4ce9e5088cd65"
    ),
    MnemonicVector(
        entropy: "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        phrase: "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zo"
            + "o zoo zoo zoo vote",
        seed: "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e1613912f0a5b6944"
            + "07be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"
    ),
    MnemonicVector(
        entropy: "9e885d952ad362caeb4efe34a8e91bd2",
        phrase: "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
        seed: "274ddc525802f7c828d8ef7ddbcdc5304e87ac3535913611fbbfa986d0c9e5476c91689f9c8a54"
            + "fd55bd38606aa6a8595ad213d4c9c9f9aca3fb217069a41028"
    ),
    MnemonicVector(
        entropy: "6610b25967cdcca9d59875f5cb50b0ea75433311869e930b",
        phrase: "gravity machine north sort system female filter attitude volume fold club stay"
            + " feature office ecology stable narrow fog",
        seed: "628c3827a8823298ee685db84f55caa34b5cc195a778e52d45f59bcf75aba68e4d7590e101dc41"
            + "4bc1bbd5737666fbbef35d1f1903953b66624f910feef245ac"
    ),
    MnemonicVector(
        entropy: "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
        phrase: "hamster diagram private dutch cause delay private meat slide toddler razor boo"
            + "k happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
        seed: "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d20b385bc1588d9c"
            + "7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440"
    ),
    MnemonicVector(
        entropy: "c0ba5a8e914111210f2bd131f3d5e08d",
        phrase: "scheme spot photo card baby mountain device kick cradle pact join borrow",
        seed: "ea725895aaae8d4c1cf682c1bfd2d358d52ed9f0f0591131b559e2724bb234fca05aa9c02c5740"
            + "7e04ee9dc3b454aa63fbff483a8b11de949624b9f1831a9612"
    ),
    MnemonicVector(
        entropy: "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        phrase: "void come effort suffer camp survey warrior heavy shoot primary clutch crush o"
            + "pen amazing screen patrol group space point ten exist slush involve unfold",
        seed: "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0e35524a518034d"
            + "dc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998"
    ),
]

/// The seed of twelve times zero under a passphrase that NFKD changes: "㍍ガバヴァぱばぐゞちぢ十人十色".
let decomposedSeed =
    "ba553eedefe76e67e2602dc20184c564010859faada929a090dd2c57aacb204ceefd15404ab50e"
    + "f3e8dbeae5195aeae64b0def4d2eead1cdc728a33ced520ffd"
