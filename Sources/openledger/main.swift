print("openledger")
