Console.WriteLine("heed");
